/// Tests of the launcher and of the commands.
@NullMarked
package dev.burnish.cli;

import org.jspecify.annotations.NullMarked;
