/// The parts of a run, independent of each other: its options, checkpoints, summary, live lines,
/// machine metrics, the dry run and the processes that work for it. [dev.burnish.Run] joins them.
@NullMarked
package dev.burnish.run;

import org.jspecify.annotations.NullMarked;
