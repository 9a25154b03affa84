@NullMarked
package dev.burnish.verify;

import org.jspecify.annotations.NullMarked;
