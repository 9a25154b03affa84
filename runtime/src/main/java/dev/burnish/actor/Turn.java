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
  private final Deque<Work> queue = new ArrayDeque<>();
  private final List<Waiter> waiters = new ArrayList<>();
  private boolean held;
  private long numPieces;
  private Work piece = Turn::nothing;
  private volatile long number;

  /// A piece of work.
  @FunctionalInterface
  interface Work extends Runnable {
    /// Whether it only starts something that goes on beside the turn: it then does not wait for
    /// work that has begun, only for its place in the order.
    default boolean isBeside() {
      return false;
    }
  }

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

  void add(Work work) {
    if (comesFirst(work)) {
      work.run();
    }
  }

  /// Queues work, unless it can start now because all before it has.
  private boolean comesFirst(Work work) {
    lock.lock();
    try {
      if (queue.isEmpty() && work.isBeside()) {
        return true;
      }
      queue.add(work);
      if (held) {
        return false;
      }
      held = true;
    } finally {
      lock.unlock();
    }
    threads.execute(this::run);
    return false;
  }

  /// The piece of work that holds the turn, which only that piece may ask for.
  Work piece() {
    return piece;
  }

  /// The number of the piece of work that holds the turn, each has another; 0 if none does, if all
  /// that have begun wait for conditions, or after [#waitsNoMore].
  long number() {
    return number;
  }

  /// The piece of work that holds the turn waits for nothing any more.
  void waitsNoMore() {
    number = 0;
  }

  /// Runs work on this thread if nothing else is there to be done, and leaves what comes meanwhile
  /// to another; says whether it did.
  boolean runHere(Work work) {
    lock.lock();
    try {
      if (held || !queue.isEmpty() || !waiters.isEmpty()) {
        return false;
      }
      held = true;
    } finally {
      lock.unlock();
    }
    hold(work, ++numPieces);
    work.run();
    number = 0;
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
    Work mine = piece;
    long myNumber = number;
    number = 0;
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
    hold(mine, myNumber);
    if (waiter.interrupted) {
      throw new CallCancelled("interrupted while waiting for a condition of the actor");
    }
  }

  /// Has the waiters looked at though no work has ended.
  private void wake() {
    add(Turn::nothing);
  }

  private static void nothing() {}

  /// Has the waiters looked at, if there are any.
  void changed() {
    if (!waitersNow().isEmpty()) {
      wake();
    }
  }

  private void run() {
    Optional<Work> next = next();
    while (next.isPresent()) {
      hold(next.get(), ++numPieces);
      besideNext().forEach(Runnable::run);
      next.get().run();
      number = 0;
      next = next();
    }
  }

  private void hold(Work work, long itsNumber) {
    piece = work;
    number = itsNumber;
  }

  /// What starts with the piece that begins: it comes next, and does not wait for that to end.
  private List<Work> besideNext() {
    lock.lock();
    try {
      if (queue.isEmpty() || !queue.peek().isBeside()) {
        return List.of();
      }
      List<Work> beside = new ArrayList<>();
      while (!queue.isEmpty() && queue.peek().isBeside()) {
        beside.add(queue.remove());
      }
      return beside;
    } finally {
      lock.unlock();
    }
  }

  /// What the holder of the turn does next; nothing if the turn has gone to another or to nobody.
  private Optional<Work> next() {
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
      Optional<Work> work = Optional.ofNullable(queue.poll());
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
