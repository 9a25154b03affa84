@NullMarked
package dev.burnish.sandbox;

import org.jspecify.annotations.NullMarked;
