/// Tests.
@NullMarked
package dev.burnish.link.failure;

import org.jspecify.annotations.NullMarked;
