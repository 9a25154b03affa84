/// Actors of one process: endpoints, stubs, mailboxes, turns. Knows nothing of meshes.
@NullMarked
package dev.burnish.actor;

import org.jspecify.annotations.NullMarked;
