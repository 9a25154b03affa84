/// Where a script begins: [dev.burnish.Run].
@NullMarked
package dev.burnish;

import org.jspecify.annotations.NullMarked;
