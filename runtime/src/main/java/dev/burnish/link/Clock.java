package dev.burnish.link;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Time, and what happens at a time. A simulation has one of its own.
public interface Clock {
  /// Nanoseconds since some fixed moment.
  long nanos();

  /// Runs something short once, at or soon after a time of [#nanos()].
  void at(long nanos, Runnable action);

  /// Runs something short once, when some time has passed.
  default void after(Duration delay, Runnable action) {
    at(nanos() + delay.toNanos(), action);
  }

  /// The time of this machine; actions run on one daemon thread of the process.
  static Clock system() {
    return SystemClock.INSTANCE;
  }

  /// See [Clock#system()].
  final class SystemClock implements Clock {
    private static final SystemClock INSTANCE = new SystemClock();

    private final ScheduledExecutorService timer;

    private SystemClock() {
      ScheduledThreadPoolExecutor executor =
          new ScheduledThreadPoolExecutor(
              1, Thread.ofPlatform().daemon().name("burnish-clock").factory());
      executor.setRemoveOnCancelPolicy(true);
      timer = Executors.unconfigurableScheduledExecutorService(executor);
    }

    @Override
    public long nanos() {
      return System.nanoTime();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // actions report their own failures
    public void at(long nanos, Runnable action) {
      timer.schedule(action, Math.max(0, nanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
  }
}
