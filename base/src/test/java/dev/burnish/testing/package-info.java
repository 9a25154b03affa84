/// Helpers shared by the tests of several modules: the location of the reference data.
@NullMarked
package dev.burnish.testing;

import org.jspecify.annotations.NullMarked;
