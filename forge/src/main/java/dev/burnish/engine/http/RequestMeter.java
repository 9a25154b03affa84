package dev.burnish.engine.http;

import dev.burnish.engine.GeneratorActivity;

/// Adds up how long requests were under way, and their tokens. Thread-safe.
final class RequestMeter {
  private static final double NANOS = 1e9;

  private long tokens;
  private long busyNanos;
  private long weightNanos;
  private long longestUpdate;
  private int underWay;
  private long since = System.nanoTime();
  private long start = since;

  synchronized void begin() {
    count();
    underWay++;
  }

  synchronized void end(long sampled) {
    count();
    underWay--;
    tokens += sampled;
  }

  private void count() {
    long now = System.nanoTime();
    if (underWay > 0) {
      busyNanos += now - since;
    }
    since = now;
  }

  /// Counts the time of an update.
  void timeWeights(Runnable update) {
    long begun = System.nanoTime();
    try {
      update.run();
    } finally {
      addWeights(System.nanoTime() - begun);
    }
  }

  private synchronized void addWeights(long nanos) {
    weightNanos += nanos;
    longestUpdate = Math.max(longestUpdate, nanos);
  }

  /// The sums since the last call. The longest gap is the longest update.
  synchronized GeneratorActivity take() {
    count();
    long idle = since - start - busyNanos - weightNanos;
    GeneratorActivity result =
        new GeneratorActivity(
            tokens,
            busyNanos / NANOS,
            Math.max(0, idle) / NANOS,
            weightNanos / NANOS,
            longestUpdate / NANOS,
            GeneratorActivity.Cache.UNKNOWN);
    tokens = 0;
    busyNanos = 0;
    weightNanos = 0;
    longestUpdate = 0;
    start = since;
    return result;
  }
}
