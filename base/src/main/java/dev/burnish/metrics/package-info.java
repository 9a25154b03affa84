/// Numbers by step: recorded anywhere, reduced once a step, written to sinks.
@NullMarked
package dev.burnish.metrics;

import org.jspecify.annotations.NullMarked;
