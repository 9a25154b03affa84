@NullMarked
package dev.burnish.env.openenv;

import org.jspecify.annotations.NullMarked;
