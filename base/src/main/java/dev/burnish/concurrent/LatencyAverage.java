package dev.burnish.concurrent;

/// Recent duration of an operation: a moving mean that starts with a high value. A very long
/// duration is capped, so that one exception is soon forgotten. Thread-safe; of concurrent updates
/// one may be lost.
public final class LatencyAverage {
  private static final long SLOW = 800_000;
  private static final long QUICK = 200_000;

  private volatile long mean = SLOW;

  /// Records a duration.
  @SuppressWarnings("NonAtomicVolatileUpdate") // see above
  public void took(long nanos) {
    mean += (Math.min(nanos, SLOW) - mean) / 8;
  }

  /// Whether it takes less than 200 microseconds.
  public boolean isQuick() {
    return mean < QUICK;
  }
}
