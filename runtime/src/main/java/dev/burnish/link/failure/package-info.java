/// How calls fail, and how exceptions travel.
@NullMarked
package dev.burnish.link.failure;

import org.jspecify.annotations.NullMarked;
