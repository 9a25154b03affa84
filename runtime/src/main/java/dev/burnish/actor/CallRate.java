package dev.burnish.actor;

import java.util.concurrent.atomic.AtomicLongArray;

/// Calls per second over the last seconds. Each slot has the count of one second, with the low half
/// of that second's number above it, so that both change at once. Thread-safe.
final class CallRate {
  /// Whole seconds that count.
  static final int WINDOW = 10;

  private static final int SLOTS = 16;
  private static final long SECOND = 1_000_000_000L;
  private static final long COUNT = 0xffff_ffffL;

  private final AtomicLongArray slots = new AtomicLongArray(SLOTS);
  private final long began;

  CallRate(long now) {
    began = now;
  }

  private long second(long now) {
    return (now - began) / SECOND;
  }

  void add(long now) {
    long second = second(now);
    int slot = (int) (second % SLOTS);
    slots.updateAndGet(slot, old -> (old >>> 32 == stamp(second) ? old : stamp(second) << 32) + 1);
  }

  /// The rate over the last ten whole seconds, or as many as there were; during the first second,
  /// over the part that has passed.
  double perSecond(long now) {
    long second = second(now);
    if (second == 0) {
      return count(0) * (double) SECOND / Math.max(1, now - began);
    }
    long from = Math.max(0, second - WINDOW);
    long sum = 0;
    for (long s = from; s < second; s++) {
      sum += count(s);
    }
    return (double) sum / (second - from);
  }

  private long count(long second) {
    long slot = slots.get((int) (second % SLOTS));
    return slot >>> 32 == stamp(second) ? slot & COUNT : 0;
  }

  /// Never that of a slot which was not used yet.
  private static long stamp(long second) {
    return (second + 1) & COUNT;
  }
}
