/// Connections between processes: calls that are open on them, streams, regions of bytes by handle.
@NullMarked
package dev.burnish.link;

import org.jspecify.annotations.NullMarked;
