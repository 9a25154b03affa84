@NullMarked
package dev.burnish.files;

import org.jspecify.annotations.NullMarked;
