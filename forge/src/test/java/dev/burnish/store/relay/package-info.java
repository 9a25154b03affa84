/// Tests.
@NullMarked
package dev.burnish.store.relay;

import org.jspecify.annotations.NullMarked;
