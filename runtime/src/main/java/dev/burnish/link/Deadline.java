package dev.burnish.link;

import dev.burnish.link.failure.CallTimedOut;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// Until when a call waits, wherever it waits.
///
/// @param nanos of the clock
public record Deadline(Clock clock, long nanos) {
  private static final Duration LONGEST = Duration.ofDays(365);

  /// Some time from now.
  public static Deadline in(Clock clock, Duration time) {
    long left = (time.compareTo(LONGEST) > 0 ? LONGEST : time).toNanos();
    return new Deadline(clock, clock.nanos() + left);
  }

  /// Nanoseconds until the deadline; zero or negative once it has passed.
  public long left() {
    return nanos - clock.nanos();
  }

  /// The time until the deadline; zero once it has passed.
  public Duration time() {
    return Duration.ofNanos(Math.max(left(), 0));
  }

  /// Whether the deadline has passed.
  public boolean hasPassed() {
    return left() <= 0;
  }

  /// The failure of a call whose time has passed.
  ///
  /// @param what such as `counters[1].add, while it starts`
  public CallTimedOut failure(String what) {
    return new CallTimedOut("no answer before the deadline: call=" + what);
  }

  /// Waits until a predicate holds, which is checked whenever a condition is signalled; false if
  /// the time passed first.
  ///
  /// @param lock that the caller holds, of the condition
  public boolean await(ReentrantLock lock, Condition changed, BooleanSupplier holds)
      throws InterruptedException {
    if (holds.getAsBoolean()) {
      return true;
    }
    return clock.await(lock, changed, holds, nanos);
  }
}
