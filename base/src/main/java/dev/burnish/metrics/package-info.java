/// Numbers by step: recorded anywhere, reduced once per step, written to sinks.
@NullMarked
package dev.burnish.metrics;

import org.jspecify.annotations.NullMarked;
