/// The files of a split of a data set, their format, and how they are packed.
@NullMarked
package dev.burnish.data.files;

import org.jspecify.annotations.NullMarked;
