/// Which files are a split of a data set, in which format they are, and how they are packed.
@NullMarked
package dev.burnish.data.files;

import org.jspecify.annotations.NullMarked;
