package dev.burnish.serve;

import dev.burnish.concurrent.Waits;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The requests for completions that are being served, until the server stops. Thread-safe; the
/// lock is a leaf.
final class ActiveRequests {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private final Set<Generation> active = new HashSet<>();
  private boolean stopping;

  /// An active request, until it is closed.
  @FunctionalInterface
  interface Entry extends AutoCloseable {
    @Override
    void close();
  }

  /// @throws ApiError if the server is stopping
  Entry add(Generation generation) {
    lock.lock();
    try {
      requireRunning();
      active.add(generation);
    } finally {
      lock.unlock();
    }
    return () -> remove(generation);
  }

  private void remove(Generation generation) {
    lock.lock();
    try {
      active.remove(generation);
      if (active.isEmpty()) {
        none.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  int count() {
    lock.lock();
    try {
      return active.size();
    } finally {
      lock.unlock();
    }
  }

  /// @throws ApiError if the server is stopping
  void requireRunning() {
    if (isStopping()) {
      throw ApiError.of(
          ApiError.Kind.STOPPING, "the server is stopping; send the request to another, or later");
    }
  }

  boolean isStopping() {
    lock.lock();
    try {
      return stopping;
    } finally {
      lock.unlock();
    }
  }

  /// Lets no further request in, and waits for those that are there; aborts what is left after the
  /// grace, or when the caller is interrupted.
  void stop(Duration grace) {
    lock.lock();
    try {
      stopping = true;
      long nanos = grace.toNanos();
      while (!active.isEmpty() && nanos > 0) {
        nanos = Waits.awaitNanos(none, nanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
    left().forEach(Generation::abort);
  }

  private List<Generation> left() {
    lock.lock();
    try {
      return List.copyOf(active);
    } finally {
      lock.unlock();
    }
  }
}
