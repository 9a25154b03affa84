/// Tests.
@NullMarked
package dev.burnish.launch;

import org.jspecify.annotations.NullMarked;
