/// Tests of the project as a whole.
@NullMarked
package dev.burnish;

import org.jspecify.annotations.NullMarked;
