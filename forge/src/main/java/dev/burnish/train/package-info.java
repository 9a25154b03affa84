/// Training: micro-batches, the optimizer, learning-rate schedules and snapshots.
@NullMarked
package dev.burnish.train;

import org.jspecify.annotations.NullMarked;
