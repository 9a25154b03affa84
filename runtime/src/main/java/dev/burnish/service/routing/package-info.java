/// The choice of a replica for a call, and the calls that wait for one. Independent of processes.
@NullMarked
package dev.burnish.service.routing;

import org.jspecify.annotations.NullMarked;
