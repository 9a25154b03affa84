/// Tests of scripts.
@NullMarked
package dev.burnish.script;

import org.jspecify.annotations.NullMarked;
