/// Checkpoints: folders that appear whole or not at all, written in parallel with training.
@NullMarked
package dev.burnish.train.checkpoint;

import org.jspecify.annotations.NullMarked;
