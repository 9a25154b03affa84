/// One version to many hosts: receivers pass on what they have, so that the source sends each byte
/// to a fixed number of hosts.
@NullMarked
package dev.burnish.store.relay;

import org.jspecify.annotations.NullMarked;
