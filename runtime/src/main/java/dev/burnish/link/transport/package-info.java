/// Frames from one process to another: over sockets, TLS or memory.
@NullMarked
package dev.burnish.link.transport;

import org.jspecify.annotations.NullMarked;
