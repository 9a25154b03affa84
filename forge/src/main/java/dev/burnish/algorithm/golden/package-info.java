/// Checks every loss against a file of reference values.
@NullMarked
package dev.burnish.algorithm.golden;

import org.jspecify.annotations.NullMarked;
