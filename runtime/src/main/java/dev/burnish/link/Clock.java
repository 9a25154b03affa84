package dev.burnish.link;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;

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

  /// Waits until something holds, which is looked at whenever a condition is signalled; false if a
  /// time of [#nanos()] came first.
  ///
  /// @param lock that the caller holds, of the condition
  default boolean await(Lock lock, Condition changed, BooleanSupplier holds, long until)
      throws InterruptedException {
    at(
        until,
        () -> {
          lock.lock();
          try {
            changed.signalAll();
          } finally {
            lock.unlock();
          }
        });
    while (!holds.getAsBoolean() && nanos() < until) {
      changed.await();
    }
    return holds.getAsBoolean();
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

    /// Leaves nothing behind on the thread of the clock.
    @Override
    public boolean await(Lock lock, Condition changed, BooleanSupplier holds, long until)
        throws InterruptedException {
      long left = until - System.nanoTime();
      while (!holds.getAsBoolean() && left > 0) {
        left = changed.awaitNanos(left);
      }
      return holds.getAsBoolean();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // actions report their own failures
    public void at(long nanos, Runnable action) {
      timer.schedule(action, Math.max(0, nanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
  }
}
