/// The memory that training takes, measured and estimated.
@NullMarked
package dev.burnish.train.memory;

import org.jspecify.annotations.NullMarked;
