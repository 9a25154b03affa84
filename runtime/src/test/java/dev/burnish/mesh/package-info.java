/// Tests.
@NullMarked
package dev.burnish.mesh;

import org.jspecify.annotations.NullMarked;
