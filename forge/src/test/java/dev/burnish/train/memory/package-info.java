/// What of training lies outside memory.
@NullMarked
package dev.burnish.train.memory;

import org.jspecify.annotations.NullMarked;
