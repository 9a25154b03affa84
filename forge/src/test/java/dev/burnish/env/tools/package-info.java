@NullMarked
package dev.burnish.env.tools;

import org.jspecify.annotations.NullMarked;
