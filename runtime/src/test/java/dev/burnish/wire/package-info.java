/// Tests.
@NullMarked
package dev.burnish.wire;

import org.jspecify.annotations.NullMarked;
