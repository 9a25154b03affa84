@NullMarked
package dev.burnish.hub;

import org.jspecify.annotations.NullMarked;
