/// What training takes of memory, measured and foretold.
@NullMarked
package dev.burnish.train.memory;

import org.jspecify.annotations.NullMarked;
