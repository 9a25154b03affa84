/// Scripts: Java source files that are compiled in memory and run at once.
@NullMarked
package dev.burnish.script;

import org.jspecify.annotations.NullMarked;
