/// Tests of checkpoints.
@NullMarked
package dev.burnish.train.checkpoint;

import org.jspecify.annotations.NullMarked;
