/// TODO
@NullMarked
package dev.burnish.cli;

import org.jspecify.annotations.NullMarked;
