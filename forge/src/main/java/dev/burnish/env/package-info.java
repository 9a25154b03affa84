/// Tasks and rewards: the sources of problems, and the worth of completions.
@NullMarked
package dev.burnish.env;

import org.jspecify.annotations.NullMarked;
