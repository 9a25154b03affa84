/// Tests.
@NullMarked
package dev.burnish.link;

import org.jspecify.annotations.NullMarked;
