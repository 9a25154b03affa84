package dev.burnish.link;

import dev.burnish.concurrent.Alarm;
import dev.burnish.concurrent.Waits;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Time, and actions at a time. A simulation has a clock of its own.
public interface Clock {
  /// Nanoseconds since some fixed moment.
  long nanos();

  /// Runs a short action once, at or soon after a time of [#nanos()], unless it is cancelled.
  Alarm at(long nanos, Runnable action);

  /// Runs a short action once, after a delay, unless it is cancelled.
  default Alarm after(Duration delay, Runnable action) {
    return at(nanos() + delay.toNanos(), action);
  }

  /// Runs an action that may wait, soon, and not on the thread of actions. A simulation has no
  /// other thread: it runs it at once.
  ///
  /// @param name of its thread
  default void apart(String name, Runnable work) {
    work.run();
  }

  /// Waits until a predicate holds, which is checked whenever a condition is signalled; false if a
  /// time of [#nanos()] came first.
  ///
  /// @param lock that the caller holds, of the condition
  default boolean await(Lock lock, Condition changed, BooleanSupplier holds, long until)
      throws InterruptedException {
    Alarm alarm =
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
    try {
      while (!holds.getAsBoolean() && nanos() < until) {
        Waits.await(changed);
      }
      return holds.getAsBoolean();
    } finally {
      alarm.cancel();
    }
  }

  /// The time of this machine; actions run on one daemon thread of the process, on which all
  /// deadlines and heartbeats depend: an action must not wait. One that takes a second is reported.
  static Clock system() {
    return SystemClock.INSTANCE;
  }

  /// See [Clock#system()].
  final class SystemClock implements Clock {
    private static final SystemClock INSTANCE = new SystemClock();
    private static final long LONG = TimeUnit.SECONDS.toNanos(1);

    private final ScheduledExecutorService timer;

    private SystemClock() {
      ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, Ticking::new);
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
        left = Waits.awaitNanos(changed, left);
      }
      return holds.getAsBoolean();
    }

    @Override
    public Alarm at(long nanos, Runnable action) {
      Future<?> planned =
          timer.schedule(
              () -> run(action), Math.max(0, nanos - System.nanoTime()), TimeUnit.NANOSECONDS);
      return () -> planned.cancel(false);
    }

    @Override
    public void apart(String name, Runnable work) {
      Thread.ofPlatform().daemon().name(name).start(work);
    }

    private void run(Runnable action) {
      long began = System.nanoTime();
      try {
        action.run();
      } catch (Throwable e) {
        report(action, "failed", e);
      }
      long took = System.nanoTime() - began;
      if (took > LONG) {
        report(action, "held up everything else for " + Duration.ofNanos(took), null);
      }
    }

    /// Logging may block.
    private void report(Runnable action, String what, @Nullable Throwable thrown) {
      apart(
          "burnish-clock/report",
          () ->
              System.getLogger(Clock.class.getName())
                  .log(
                      System.Logger.Level.WARNING,
                      "what was to be done at a time %s: action=%s"
                          .formatted(what, action.getClass().getName()),
                      thrown));
    }

    private static final class Ticking extends Thread implements Waits.Listener {
      Ticking(Runnable work) {
        super(work, "burnish-clock");
        setDaemon(true);
      }

      @Override
      public void beforeWait() {
        assert false : "something waits on a thread that must not: " + this;
      }
    }
  }
}
