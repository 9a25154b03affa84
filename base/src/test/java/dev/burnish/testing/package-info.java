/// What tests of several modules share: where the reference data is.
@NullMarked
package dev.burnish.testing;

import org.jspecify.annotations.NullMarked;
