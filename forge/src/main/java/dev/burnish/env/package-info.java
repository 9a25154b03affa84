/// Tasks and rewards: where problems come from, and what a completion is worth.
@NullMarked
package dev.burnish.env;

import org.jspecify.annotations.NullMarked;
