/// Tests of metrics and their files.
@NullMarked
package dev.burnish.metrics;

import org.jspecify.annotations.NullMarked;
