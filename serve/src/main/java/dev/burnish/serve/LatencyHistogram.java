package dev.burnish.serve;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.DoubleAdder;

/// Durations in fixed buckets, as Prometheus has them. Thread-safe.
final class LatencyHistogram {
  private static final double[] BOUNDS = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600
  };

  private final AtomicLongArray counts = new AtomicLongArray(BOUNDS.length + 1);
  private final DoubleAdder sum = new DoubleAdder();

  void record(long nanos) {
    double seconds = nanos / 1e9;
    int bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) {
      bucket++;
    }
    counts.incrementAndGet(bucket);
    sum.add(seconds);
  }

  /// Each bucket counts what is at most its bound.
  void write(StringBuilder out, String name, String help) {
    out.append("# HELP %s %s\n# TYPE %s histogram\n".formatted(name, help, name));
    long total = 0;
    for (int bucket = 0; bucket <= BOUNDS.length; bucket++) {
      total += counts.get(bucket);
      String bound = bucket < BOUNDS.length ? Double.toString(BOUNDS[bucket]) : "+Inf";
      out.append("%s_bucket{le=\"%s\"} %d\n".formatted(name, bound, total));
    }
    out.append("%s_sum %s\n%s_count %d\n".formatted(name, sum.sum(), name, total));
  }
}
