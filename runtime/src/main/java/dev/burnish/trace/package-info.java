/// Spans of calls, by OpenTelemetry: to files or to a collector.
@NullMarked
package dev.burnish.trace;

import org.jspecify.annotations.NullMarked;
