@NullMarked
package dev.burnish.serve;

import org.jspecify.annotations.NullMarked;
