/// The commands of `./burnish`: everything that a user starts from a terminal.
@NullMarked
package dev.burnish.cli;

import org.jspecify.annotations.NullMarked;
