package dev.burnish.actor;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallCancelled;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Work that has passed its turn on, until a condition holds. For [Turn].
final class TurnWaiter {
  private static final long AGAIN = TimeUnit.MILLISECONDS.toNanos(10);

  private final Thread thread = Thread.currentThread();
  private final BooleanSupplier condition;
  private volatile boolean granted;
  private volatile boolean interrupted;
  private Optional<Throwable> failure = Optional.empty();

  TurnWaiter(BooleanSupplier condition) {
    this.condition = condition;
  }

  boolean isDue() {
    try {
      return interrupted || condition.getAsBoolean();
    } catch (Throwable e) {
      failure = Optional.of(e);
      return true;
    }
  }

  void grant() {
    granted = true;
    LockSupport.unpark(thread);
  }

  /// Waits for the turn, also when the thread is interrupted: `onInterrupt` then ensures that it is
  /// soon granted.
  void await(Runnable onInterrupt) {
    boolean told = true;
    while (!granted) {
      if (told) {
        Waits.park(this);
      } else {
        Waits.parkNanos(this, AGAIN);
      }
      if (Thread.interrupted()) {
        interrupted = true;
        told = false;
      }
      told = told || succeeds(onInterrupt);
    }
  }

  private static boolean succeeds(Runnable action) {
    try {
      action.run();
      return true;
    } catch (Throwable e) {
      return false;
    }
  }

  /// @throws CallCancelled if it was interrupted
  /// @throws RuntimeException the exception of the condition
  void end() {
    if (interrupted) {
      thread.interrupt();
      throw new CallCancelled("interrupted while waiting for a condition of the actor");
    }
    if (failure.isPresent()) {
      switch (failure.get()) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new IllegalStateException("a condition of the actor failed", e);
      }
    }
  }
}
