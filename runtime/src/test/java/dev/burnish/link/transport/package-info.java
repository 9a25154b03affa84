/// Tests.
@NullMarked
package dev.burnish.link.transport;

import org.jspecify.annotations.NullMarked;
