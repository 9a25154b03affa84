package dev.burnish.actor;

import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.transport.ReaderThread;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// Runs the work of one actor, a piece at a time, in the order in which it came.
///
/// Whoever runs work holds the turn. A thread that finds none left gives the turn up; the next
/// piece of work starts a thread again. Work that waits for a condition passes the turn on; when
/// work has ended, the first waiter whose condition holds gets it before new work does.
final class Turn {
  private final Executor threads;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Runnable> queue = new ArrayDeque<>();
  private final List<Waiter> waiters = new ArrayList<>();
  private boolean held;

  private static final class Waiter {
    private final Thread thread = Thread.currentThread();
    private final BooleanSupplier condition;
    private volatile boolean granted;
    private volatile boolean interrupted;

    Waiter(BooleanSupplier condition) {
      this.condition = condition;
    }

    boolean isDue() {
      return interrupted || condition.getAsBoolean();
    }
  }

  Turn(Executor threads) {
    this.threads = threads;
  }

  void add(Runnable work) {
    lock.lock();
    try {
      queue.add(work);
      if (held) {
        return;
      }
      held = true;
    } finally {
      lock.unlock();
    }
    threads.execute(this::run);
  }

  /// Runs work on this thread if nothing else is there to be done, and leaves what comes meanwhile
  /// to another; says whether it did.
  boolean runHere(Runnable work) {
    lock.lock();
    try {
      if (held || !queue.isEmpty() || !waiters.isEmpty()) {
        return false;
      }
      held = true;
    } finally {
      lock.unlock();
    }
    work.run();
    lock.lock();
    try {
      held = !queue.isEmpty() || !waiters.isEmpty();
      if (!held) {
        return true;
      }
    } finally {
      lock.unlock();
    }
    threads.execute(this::run);
    return true;
  }

  boolean remove(Runnable work) {
    lock.lock();
    try {
      return queue.remove(work);
    } finally {
      lock.unlock();
    }
  }

  int numQueued() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  /// Waits, without the turn, until a condition holds; the caller has the turn before and after.
  ///
  /// @throws CallCancelled if the thread is interrupted, which stays set
  void await(BooleanSupplier condition) {
    if (condition.getAsBoolean()) {
      return;
    }
    Waiter waiter = new Waiter(condition);
    lock.lock();
    try {
      waiters.add(waiter);
    } finally {
      lock.unlock();
    }
    threads.execute(this::run);
    ReaderThread.leave();
    while (!waiter.granted) {
      LockSupport.park(this);
      if (Thread.currentThread().isInterrupted() && !waiter.interrupted) {
        waiter.interrupted = true;
        wake();
      }
      if (waiter.interrupted && !waiter.granted) {
        Thread.onSpinWait();
      }
    }
    if (waiter.interrupted) {
      throw new CallCancelled("interrupted while waiting for a condition of the actor");
    }
  }

  /// Has the waiters looked at though no work has ended.
  private void wake() {
    add(() -> {});
  }

  private void run() {
    Optional<Runnable> next = next();
    while (next.isPresent()) {
      next.get().run();
      next = next();
    }
  }

  /// What the holder of the turn does next; nothing if the turn has gone to another or to nobody.
  private Optional<Runnable> next() {
    for (Waiter waiter : waitersNow()) {
      if (waiter.isDue()) {
        lock.lock();
        try {
          waiters.remove(waiter);
        } finally {
          lock.unlock();
        }
        waiter.granted = true;
        LockSupport.unpark(waiter.thread);
        return Optional.empty();
      }
    }
    lock.lock();
    try {
      Optional<Runnable> work = Optional.ofNullable(queue.poll());
      held = work.isPresent();
      return work;
    } finally {
      lock.unlock();
    }
  }

  private List<Waiter> waitersNow() {
    lock.lock();
    try {
      return waiters.isEmpty() ? List.of() : List.copyOf(waiters);
    } finally {
      lock.unlock();
    }
  }
}
