package dev.burnish.concurrent;

/// How long something takes of late: a moving mean that begins slow. What takes very long counts as
/// slow and no more, so that one exception is soon forgotten. Thread-safe; of updates at the same
/// time one may be lost.
public final class LatencyAverage {
  private static final long SLOW = 800_000;
  private static final long QUICK = 200_000;

  private volatile long mean = SLOW;

  /// Something took that long.
  @SuppressWarnings("NonAtomicVolatileUpdate") // see above
  public void took(long nanos) {
    mean += (Math.min(nanos, SLOW) - mean) / 8;
  }

  /// Whether it takes less than 200 microseconds.
  public boolean isQuick() {
    return mean < QUICK;
  }
}
