/// The processes of a host: who starts them, how they join, how they report on themselves.
@NullMarked
package dev.burnish.mesh.host;

import org.jspecify.annotations.NullMarked;
