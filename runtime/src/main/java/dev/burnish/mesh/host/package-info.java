/// The processes of a host: who starts them, how they join, what they tell of themselves.
@NullMarked
package dev.burnish.mesh.host;

import org.jspecify.annotations.NullMarked;
