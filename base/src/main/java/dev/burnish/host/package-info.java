/// The operating system's data on this machine and its processes, and how to start another JVM.
@NullMarked
package dev.burnish.host;

import org.jspecify.annotations.NullMarked;
