/// What a file is by its first bytes, whatever it is called.
@NullMarked
package dev.burnish.content;

import org.jspecify.annotations.NullMarked;
