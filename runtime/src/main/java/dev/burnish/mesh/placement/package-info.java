/// The resources of hosts, their reservations, and the placement of processes.
@NullMarked
package dev.burnish.mesh.placement;

import org.jspecify.annotations.NullMarked;
