/// Processes: how a JVM is started, watched and ended, and where its output goes.
@NullMarked
package dev.burnish.launch;

import org.jspecify.annotations.NullMarked;
