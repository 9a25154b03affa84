package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.Overloaded;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/// Where callers leave requests for the thread that generates, and the version that was announced
/// last. The lock is a leaf.
final class Inbox {
  private final int maxWaiting;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private List<GroupTask> arrived = new ArrayList<>();
  private final Deque<ScoreTask> scores = new ArrayDeque<>();
  private long numArrived;
  private long numWaiting;
  private Optional<Takeover> announced = Optional.empty();
  private boolean closed;

  /// @param maxWaiting samples
  Inbox(int maxWaiting) {
    this.maxWaiting = maxWaiting;
  }

  /// Leaves the requests of a call: all of them or none. A call that finds nothing that waits is
  /// taken whatever its size.
  ///
  /// @throws Overloaded if too many samples wait
  /// @throws IllegalStateException if it is closed
  void add(List<GroupTask> tasks) {
    lock.lock();
    try {
      requireOpen();
      long samples = tasks.stream().mapToLong(task -> task.sampling().bestOf()).sum();
      long waiting = numWaiting + numArrived;
      if (waiting > 0 && waiting + samples > maxWaiting) {
        throw new Overloaded(
            "the samples that wait for a generator must be at most maxWaiting=%d: waiting=%d more=%d; wait, or add generators"
                .formatted(maxWaiting, waiting, samples));
      }
      arrived.addAll(tasks);
      numArrived += samples;
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  /// Leaves sequences to be scored.
  ///
  /// @throws Overloaded if too many wait
  /// @throws IllegalStateException if it is closed
  void add(ScoreTask task) {
    lock.lock();
    try {
      requireOpen();
      if (scores.size() >= maxWaiting) {
        throw new Overloaded(
            "the calls that wait for scores must be at most maxWaiting=%d: waiting=%d; wait, or add generators"
                .formatted(maxWaiting, scores.size()));
      }
      scores.add(task);
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  /// The oldest sequences to be scored that are not over, which stay here.
  Optional<ScoreTask> nextScore() {
    lock.lock();
    try {
      while (!scores.isEmpty() && scores.peek().isOver()) {
        scores.remove();
      }
      return Optional.ofNullable(scores.peek());
    } finally {
      lock.unlock();
    }
  }

  /// So many of the samples that were taken wait in the engine.
  void setWaiting(int samples) {
    lock.lock();
    try {
      numWaiting = samples;
    } finally {
      lock.unlock();
    }
  }

  /// Takes what was left: it waits in the engine from here on.
  List<GroupTask> take() {
    lock.lock();
    try {
      List<GroupTask> taken = arrived;
      numWaiting += numArrived;
      numArrived = 0;
      arrived = new ArrayList<>();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /// Samples that were left and not taken yet.
  int numArrived() {
    lock.lock();
    try {
      return Math.toIntExact(numArrived);
    } finally {
      lock.unlock();
    }
  }

  /// Announces a version in place of the one before, if that is not taken yet: it is returned.
  ///
  /// @throws IllegalStateException if it is closed
  Optional<Takeover> announce(Takeover takeover) {
    lock.lock();
    try {
      requireOpen();
      Optional<Takeover> before = announced;
      announced = Optional.of(takeover);
      work.signal();
      return before;
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw closed();
    }
  }

  static IllegalStateException closed() {
    return new IllegalStateException("a generator must be open, and this one was closed");
  }

  /// The announced version, which stays announced.
  Optional<Takeover> announced() {
    lock.lock();
    try {
      return announced;
    } finally {
      lock.unlock();
    }
  }

  /// Takes the announced version if it is of that kind.
  Optional<Takeover> takeAnnounced(Predicate<Takeover> wanted) {
    lock.lock();
    try {
      Optional<Takeover> taken = announced.filter(wanted);
      taken.ifPresent(_ -> announced = Optional.empty());
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until there is a request, an announcement or something to be scored; returns false once
  /// it is closed.
  boolean awaitWork() {
    lock.lock();
    try {
      while (!closed && arrived.isEmpty() && announced.isEmpty() && scores.isEmpty()) {
        Waits.await(work);
      }
      return !closed;
    } catch (InterruptedException e) {
      closed = true; // nobody interrupts the thread of a generator but to end it
      return false;
    } finally {
      lock.unlock();
    }
  }

  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /// Refuses everything from here on, and wakes the thread that serves.
  void close() {
    lock.lock();
    try {
      closed = true;
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
