package dev.burnish.actor;

import dev.burnish.concurrent.Thrown;
import dev.burnish.link.failure.CallCancelled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Runs the work of one actor, one piece at a time, in order of arrival.
///
/// The thread that runs work holds the turn. A thread that finds no work left gives the turn up;
/// the next piece of work starts a thread again. Work that waits for a condition passes the turn
/// on; when work has ended, the first waiter whose condition holds gets it before new work does.
///
/// Whatever work or a condition throws, the turn continues: exceptions of work are logged, a
/// condition that throws ends its own waiter.
final class Turn {
  private static final System.Logger LOG = System.getLogger(Turn.class.getName());
  private static final Work NONE = new Nothing();

  /// Frames that must still be free on the stack of work that waits.
  private static final int STACK = 200;

  private final Executor threads;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Work> queue = new ArrayDeque<>();
  private boolean held;
  private boolean changed;

  // Used by the holder of the turn alone, except the number.
  private final List<TurnWaiter> waiters = new ArrayList<>();
  private List<Work> beside = List.of();
  private long numPieces;
  private Work piece = NONE;
  private @Nullable Thread holder;
  private volatile long number;

  /// A piece of work.
  @FunctionalInterface
  interface Work extends Runnable {
    /// Whether it only starts something that continues concurrently with the turn: it then does not
    /// wait for work that has begun, only for its place in the order.
    default boolean isBeside() {
      return false;
    }
  }

  /// No work.
  private record Nothing() implements Work {
    @Override
    public void run() {}
  }

  Turn(Executor threads) {
    this.threads = threads;
  }

  /// Queues work. Where no thread can be started for it, it is not queued, and this throws.
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
    begin(() -> queue.removeLastOccurrence(work));
    return false;
  }

  /// Starts a thread that takes the turn, which nobody else holds.
  ///
  /// @param otherwise what to do, under the lock, if none can be started
  private void begin(Runnable otherwise) {
    try {
      threads.execute(this::run);
    } catch (Throwable e) {
      lock.lock();
      try {
        held = false;
        otherwise.run();
      } finally {
        lock.unlock();
      }
      throw e;
    }
  }

  /// The piece of work that holds the turn, which only that piece may ask for.
  Work piece() {
    return piece;
  }

  /// Whether this thread holds the turn.
  boolean isHeldHere() {
    return holder == Thread.currentThread();
  }

  /// The number of the piece of work that holds the turn, unique per piece; 0 if none does, if all
  /// that have begun wait for conditions, or after [#waitsNoMore].
  long number() {
    return number;
  }

  /// Called when the piece of work that holds the turn waits for nothing any more.
  void waitsNoMore() {
    number = 0;
  }

  /// Runs work on this thread if there is nothing else to do, and leaves work that comes meanwhile
  /// to another thread; returns whether it did.
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
    try {
      perform(work);
    } finally {
      endHere();
    }
    return true;
  }

  private void endHere() {
    lock.lock();
    try {
      held = !queue.isEmpty() || !waiters.isEmpty();
      if (!held) {
        return;
      }
    } finally {
      lock.unlock();
    }
    passOn();
  }

  boolean remove(Runnable work) {
    lock.lock();
    try {
      return queue.remove(work);
    } finally {
      lock.unlock();
    }
  }

  /// Removes all work of a kind that has not begun.
  <W extends Work> List<W> removeQueued(Class<W> kind) {
    lock.lock();
    try {
      List<W> removed = queue.stream().filter(kind::isInstance).map(kind::cast).toList();
      queue.removeIf(kind::isInstance);
      return removed;
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

  /// Waits, without the turn, until a condition holds; the caller has the turn before and after,
  /// also if this throws.
  ///
  /// @throws IllegalStateException if this thread does not hold the turn
  /// @throws CallCancelled if the thread is interrupted, which stays set
  /// @throws RuntimeException the exception of the condition
  void await(BooleanSupplier condition) {
    if (!isHeldHere()) {
      throw new IllegalStateException(
          "only work that holds the turn can pass it on: thread="
              + Thread.currentThread().getName());
    }
    if (holdsNow(condition)) {
      return;
    }
    requireStack(STACK);
    Work mine = piece;
    long myNumber = number;
    TurnWaiter waiter = pass(new TurnWaiter(condition));
    waiter.await(this::changed);
    hold(mine, myNumber);
    waiter.end();
  }

  /// Evaluates a condition, which itself has no turn to pass on.
  private boolean holdsNow(BooleanSupplier condition) {
    @Nullable Thread mine = holder;
    holder = null;
    try {
      return condition.getAsBoolean();
    } finally {
      holder = mine;
    }
  }

  /// A stack overflow is thrown here and now, and not when the turn has been passed on.
  private static int requireStack(int depth) {
    return depth == 0 ? 0 : 1 + requireStack(depth - 1);
  }

  private TurnWaiter pass(TurnWaiter waiter) {
    Work mine = piece;
    long myNumber = number;
    lock.lock();
    try {
      waiters.add(waiter);
    } finally {
      lock.unlock();
    }
    release();
    try {
      begin(() -> {
        waiters.remove(waiter);
        held = true;
      });
    } catch (Throwable e) {
      hold(mine, myNumber);
      throw e;
    }
    return waiter;
  }

  /// Checks the conditions of the waiters, if there are any, though no work has ended.
  void changed() {
    lock.lock();
    try {
      if (waiters.isEmpty()) {
        return;
      }
      changed = true;
      if (held) {
        return;
      }
      held = true;
    } finally {
      lock.unlock();
    }
    begin(() -> {});
  }

  private void run() {
    boolean passed = false;
    try {
      Work next = next();
      while (!(next instanceof Nothing)) {
        perform(next);
        next = next();
      }
      passed = true;
    } finally {
      if (!passed) {
        passOn();
      }
    }
  }

  /// Gives the turn to another thread; if none can be started, the next work starts one.
  private void passOn() {
    try {
      begin(() -> {});
    } catch (Throwable e) {
      report(e);
    }
  }

  private void perform(Work work) {
    hold(work, ++numPieces);
    try {
      startBeside();
      attempt(work);
    } finally {
      release();
      // An interrupt of this piece does not reach the next.
      var _ = Thread.interrupted();
    }
  }

  private static void attempt(Work work) {
    try {
      work.run();
    } catch (Throwable e) {
      report(e);
    }
  }

  private static void report(Throwable thrown) {
    LOG.log(
        System.Logger.Level.ERROR,
        "work of an actor failed; the actor goes on: {0}",
        Thrown.text(thrown));
  }

  private void hold(Work work, long itsNumber) {
    piece = work;
    holder = Thread.currentThread();
    number = itsNumber;
  }

  private void release() {
    number = 0;
    holder = null;
    piece = NONE;
  }

  /// Starts the next pieces of concurrent work and does not wait for the piece that begins.
  private void startBeside() {
    List<Work> starting = beside;
    beside = List.of();
    starting.forEach(Turn::attempt);
  }

  /// Removes the pieces at the head of the queue that start concurrently with the turn.
  private List<Work> pollBeside() {
    if (queue.isEmpty() || !queue.peek().isBeside()) {
      return List.of();
    }
    List<Work> starting = new ArrayList<>();
    while (!queue.isEmpty() && queue.peek().isBeside()) {
      starting.add(queue.remove());
    }
    return starting;
  }

  /// The next work of the holder of the turn; nothing if the turn has gone to another or to nobody.
  private Work next() {
    while (true) {
      for (TurnWaiter waiter : waiters) {
        if (waiter.isDue()) {
          remove(waiter);
          waiter.grant();
          return NONE;
        }
      }
      lock.lock();
      try {
        if (!changed) {
          @Nullable Work work = queue.poll();
          held = work != null;
          beside = pollBeside();
          return work == null ? NONE : work;
        }
        changed = false;
      } finally {
        lock.unlock();
      }
    }
  }

  private void remove(TurnWaiter waiter) {
    lock.lock();
    try {
      waiters.remove(waiter);
    } finally {
      lock.unlock();
    }
  }
}
