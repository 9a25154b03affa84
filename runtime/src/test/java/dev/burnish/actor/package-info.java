/// Tests.
@NullMarked
package dev.burnish.actor;

import org.jspecify.annotations.NullMarked;
