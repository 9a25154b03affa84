@NullMarked
package dev.burnish.env.code;

import org.jspecify.annotations.NullMarked;
