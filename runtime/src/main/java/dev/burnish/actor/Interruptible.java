package dev.burnish.actor;

import dev.burnish.concurrent.Waits;
import org.jspecify.annotations.Nullable;

/// Work that can be interrupted while it runs, and only then, and whose end can be awaited. All of
/// its state is under one lock, its monitor. Thread-safe.
abstract class Interruptible {
  private @Nullable Thread thread;
  private boolean cancelled;
  private boolean counted;
  private boolean done;

  /// It holds memory of the process until [#finish] or [#takeCount].
  final synchronized void count() {
    counted = true;
  }

  /// Whether it held memory of the process, which it no longer does.
  final synchronized boolean takeCount() {
    boolean was = counted;
    counted = false;
    return was;
  }

  /// Marks this thread as running it from now on; returns whether it was not interrupted before.
  final synchronized boolean begin() {
    thread = Thread.currentThread();
    return !cancelled;
  }

  /// Interrupts it where it runs, or does not let it begin.
  final synchronized void interrupt() {
    cancelled = true;
    if (thread != null) {
      thread.interrupt();
    }
  }

  /// Marks it as finished: no interrupt comes from now on, and one that came is taken back.
  ///
  /// @return as [#takeCount]
  final synchronized boolean finish() {
    thread = null;
    var _ = Thread.interrupted();
    done = true;
    notifyAll();
    return takeCount();
  }

  /// Waits until it has run; returns false if that takes too long, or if this thread is
  /// interrupted, which stays set.
  ///
  /// @param deadline of [System#nanoTime]
  final synchronized boolean awaitDone(long deadline) {
    try {
      long left = deadline - System.nanoTime();
      while (!done && left > 0) {
        Waits.waitNanos(this, left);
        left = deadline - System.nanoTime();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return done;
  }
}
