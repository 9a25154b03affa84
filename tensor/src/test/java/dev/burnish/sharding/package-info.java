@NullMarked
package dev.burnish.sharding;

import org.jspecify.annotations.NullMarked;
