/// Tests.
@NullMarked
package dev.burnish.store.volume;

import org.jspecify.annotations.NullMarked;
