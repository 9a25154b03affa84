/// Tests of tracing without processes.
@NullMarked
package dev.burnish.trace;

import org.jspecify.annotations.NullMarked;
