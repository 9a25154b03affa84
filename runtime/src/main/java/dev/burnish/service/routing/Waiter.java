package dev.burnish.service.routing;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.Clock;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A caller that waits for a replica. Ordered by priority, then by arrival.
final class Waiter implements Comparable<Waiter> {
  private static final Comparator<Waiter> ORDER =
      Comparator.<Waiter>comparingInt(w -> -w.request.priority())
          .thenComparingLong(w -> w.sequence);

  private final Request request;
  private final long sequence;
  private final Thread thread = Thread.currentThread();
  private volatile @Nullable ReplicaSlot slot;
  private volatile @Nullable RuntimeException failure;

  Waiter(Request request, long sequence) {
    this.request = request;
    this.sequence = sequence;
  }

  Request request() {
    return request;
  }

  void grant(ReplicaSlot to) {
    slot = to;
    LockSupport.unpark(thread);
  }

  void fail(RuntimeException cause) {
    failure = cause;
    LockSupport.unpark(thread);
  }

  /// The slot if a permit of it was granted.
  ///
  /// @throws RuntimeException the exception that it was failed with
  Optional<ReplicaSlot> outcome() {
    RuntimeException cause = failure;
    if (cause != null) {
      throw cause;
    }
    return Optional.ofNullable(slot);
  }

  /// Waits until a permit is granted; empty if the deadline passes or this thread is interrupted
  /// before that.
  ///
  /// @throws RuntimeException the exception that it was failed with
  Optional<ReplicaSlot> await(Clock clock) {
    while (true) {
      Optional<ReplicaSlot> granted = outcome();
      long left = request.deadline() - clock.nanos();
      if (granted.isPresent() || left <= 0 || Thread.currentThread().isInterrupted()) {
        return granted;
      }
      Waits.parkNanos(this, left);
    }
  }

  @Override
  public int compareTo(Waiter other) {
    return ORDER.compare(this, other);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(sequence);
  }
}
