/// The journal of a run's episodes: what was made, how it ended, and what each step trained on.
@NullMarked
package dev.burnish.rl.journal;

import org.jspecify.annotations.NullMarked;
