/// Utilities that the tests of this module share.
@NullMarked
package dev.burnish.testing;

import org.jspecify.annotations.NullMarked;
