/// Which replica takes a call, and who waits for one. Knows nothing of processes.
@NullMarked
package dev.burnish.service.routing;

import org.jspecify.annotations.NullMarked;
