/// Who the replicas of a service are, as its owner tells the other processes that call it, and for
/// how long they may go by that.
@NullMarked
package dev.burnish.service.directory;

import org.jspecify.annotations.NullMarked;
