/// The kind of a file, told from its first bytes whatever its name is.
@NullMarked
package dev.burnish.content;

import org.jspecify.annotations.NullMarked;
