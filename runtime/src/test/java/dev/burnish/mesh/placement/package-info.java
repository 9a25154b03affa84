@NullMarked
package dev.burnish.mesh.placement;

import org.jspecify.annotations.NullMarked;
