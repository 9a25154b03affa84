package dev.burnish.metrics;

/// Events per second, over the seconds of a window that have passed: an exact count, whatever the
/// rate. Thread-safe.
public final class RateWindow {
  private static final long SECOND = 1_000_000_000L;

  private final long[] counts;
  private final long[] seconds;
  private final long began;

  /// A window that begins now.
  ///
  /// @param numSeconds of the window
  /// @param nanos the current time of a clock
  public RateWindow(int numSeconds, long nanos) {
    counts = new long[numSeconds];
    seconds = new long[numSeconds];
    began = nanos;
  }

  /// Something happens.
  public synchronized void count(long nanos) {
    long second = second(nanos);
    int slot = (int) Math.floorMod(second, (long) counts.length);
    if (seconds[slot] != second) {
      seconds[slot] = second;
      counts[slot] = 0;
    }
    counts[slot]++;
  }

  /// Events per second, over the window or the time since it began; at least a second of it.
  public synchronized double perSecond(long nanos) {
    long now = second(nanos);
    long count = 0;
    for (int i = 0; i < counts.length; i++) {
      count += now - seconds[i] < counts.length ? counts[i] : 0;
    }
    double elapsed = (nanos - began) / (double) SECOND;
    double within = counts.length - 1 + (nanos - began) % SECOND / (double) SECOND;
    return count / Math.max(1, Math.min(elapsed, within));
  }

  private long second(long nanos) {
    return (nanos - began) / SECOND;
  }
}
