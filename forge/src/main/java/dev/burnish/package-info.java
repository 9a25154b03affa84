/// The starting point of a script: [dev.burnish.Run].
@NullMarked
package dev.burnish;

import org.jspecify.annotations.NullMarked;
