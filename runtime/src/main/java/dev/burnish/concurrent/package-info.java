/// TODO
@NullMarked
package dev.burnish.concurrent;

import org.jspecify.annotations.NullMarked;
