/// What hosts have, what is taken of it, and where processes go.
@NullMarked
package dev.burnish.mesh.placement;

import org.jspecify.annotations.NullMarked;
