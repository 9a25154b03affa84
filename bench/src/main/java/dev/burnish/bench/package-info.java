/// End-to-end benchmarks: each figure with a floor or a rival measured in the same run. A workload
/// that needs a peak of memory of its own runs in a JVM of its own.
@NullMarked
package dev.burnish.bench;

import org.jspecify.annotations.NullMarked;
