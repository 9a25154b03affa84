/// Bytes of regions between hosts, apart from messages: a port that serves runs of bytes, and a
/// reader that asks for exactly those that it needs, over several connections.
@NullMarked
package dev.burnish.link.bulk;

import org.jspecify.annotations.NullMarked;
