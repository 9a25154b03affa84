/// The objectives of a step, as data: losses that a batch carries to a trainer.
@NullMarked
package dev.burnish.train.objective;

import org.jspecify.annotations.NullMarked;
