package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/// The calls of a generator that are not over, oldest first, and the version that was announced
/// last. Callers add, one thread serves. The lock is a leaf.
final class CallQueue {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final List<Call> calls = new ArrayList<>();
  private Optional<Takeover> announced = Optional.empty();
  private boolean closed;

  /// @throws IllegalStateException if the queue is closed
  void add(Call call) {
    lock.lock();
    try {
      requireOpen();
      calls.add(call);
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  /// Announces a version in place of the one before, if that is not taken yet: it is returned.
  ///
  /// @throws IllegalStateException if the queue is closed
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

  /// Waits until there is a call or an announcement; returns false once the queue is closed.
  boolean awaitWork() {
    lock.lock();
    try {
      while (!closed && calls.isEmpty() && announced.isEmpty()) {
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

  /// The calls, oldest first.
  List<Call> calls() {
    lock.lock();
    try {
      return List.copyOf(calls);
    } finally {
      lock.unlock();
    }
  }

  void remove(Call call) {
    lock.lock();
    try {
      calls.remove(call);
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
