package dev.burnish.concurrent;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;

/// The waits of links, actors, meshes and services.
///
/// Idea: some threads must know that they are about to wait. One that reads a connection hands the
/// reading over to another, one on which all deadlines depend must not wait at all. A call that
/// waits does not know on which thread it runs; so all code that may be part of a call waits
/// through this class, which a test checks in the compiled classes, and no wait can forget to
/// announce itself.
public final class Waits {
  /// A thread that is notified before it waits.
  public interface Listener {
    /// The current thread, which is this one, is about to wait.
    void beforeWait();
  }

  private Waits() {}

  /// Tells the current thread that it is about to wait, in a way that this class does not cover.
  public static void announce() {
    if (Thread.currentThread() instanceof Listener listener) {
      listener.beforeWait();
    }
  }

  /// Waits for a signal; the caller holds the lock and checks again.
  @SuppressWarnings("WaitNotInLoop") // the callers loop
  public static void await(Condition condition) throws InterruptedException {
    announce();
    condition.await();
  }

  /// Waits for a signal, for at most a given time; the caller holds the lock and checks again.
  ///
  /// @return the remaining nanoseconds
  @SuppressWarnings("WaitNotInLoop") // the callers loop
  public static long awaitNanos(Condition condition, long nanos) throws InterruptedException {
    announce();
    return condition.awaitNanos(nanos);
  }

  /// Waits until a latch is open.
  public static void await(CountDownLatch latch) throws InterruptedException {
    announce();
    latch.await();
  }

  /// Waits until a latch is open, for at most a given time; returns whether it is.
  public static boolean await(CountDownLatch latch, Duration limit) throws InterruptedException {
    announce();
    return latch.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /// Waits until this thread is unparked or interrupted; the caller checks again.
  public static void park(Object blocker) {
    announce();
    LockSupport.park(blocker);
  }

  /// Waits until this thread is unparked or interrupted, or a time has passed; the caller checks
  /// again.
  public static void parkNanos(Object blocker, long nanos) {
    announce();
    LockSupport.parkNanos(blocker, nanos);
  }

  /// Waits until a monitor is notified, or a time has passed; the caller holds it and checks again.
  @SuppressWarnings("WaitNotInLoop") // the callers loop
  public static void waitNanos(Object monitor, long nanos) throws InterruptedException {
    announce();
    TimeUnit.NANOSECONDS.timedWait(monitor, nanos);
  }

  /// Waits until a thread has ended.
  public static void join(Thread thread) throws InterruptedException {
    announce();
    thread.join();
  }

  /// Waits until a thread has ended, for at most a given time; returns whether it has ended.
  public static boolean join(Thread thread, Duration limit) throws InterruptedException {
    announce();
    return thread.join(limit);
  }

  /// Takes the next element of a queue; waits until there is one.
  public static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
    announce();
    return queue.take();
  }

  /// The failure of a thread that was interrupted while it waited: the interrupt is set again.
  ///
  /// @param message the awaited event
  public static CancellationException cancelled(InterruptedException interrupt, String message) {
    Thread.currentThread().interrupt();
    CancellationException cancelled = new CancellationException(message);
    cancelled.initCause(interrupt);
    return cancelled;
  }
}
