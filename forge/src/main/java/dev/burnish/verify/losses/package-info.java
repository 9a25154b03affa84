/// Checks every loss against a file of reference values.
@NullMarked
package dev.burnish.verify.losses;

import org.jspecify.annotations.NullMarked;
