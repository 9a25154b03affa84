/// The replicas of a service, as its owner tells them to the other processes that call it, and the
/// time for which that view may be used.
@NullMarked
package dev.burnish.service.directory;

import org.jspecify.annotations.NullMarked;
