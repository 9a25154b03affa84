package dev.burnish.service.routing;

import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A caller that waits for a replica. Ordered by priority, then by arrival.
final class Waiter<X> implements Comparable<Waiter<X>> {
  private static final Comparator<Waiter<?>> ORDER =
      Comparator.<Waiter<?>>comparingInt(w -> -w.request.priority())
          .thenComparingLong(w -> w.sequence);

  private final Request<X> request;
  private final long sequence;
  private final Thread thread = Thread.currentThread();
  private volatile @Nullable ReplicaSlot<X> slot;
  private volatile @Nullable RuntimeException failure;

  Waiter(Request<X> request, long sequence) {
    this.request = request;
    this.sequence = sequence;
  }

  Request<X> request() {
    return request;
  }

  void grant(ReplicaSlot<X> to) {
    slot = to;
    LockSupport.unpark(thread);
  }

  void fail(RuntimeException cause) {
    failure = cause;
    LockSupport.unpark(thread);
  }

  /// The slot if it was granted.
  ///
  /// @throws RuntimeException what it was failed with
  Optional<ReplicaSlot<X>> outcome() {
    RuntimeException cause = failure;
    if (cause != null) {
      throw cause;
    }
    return Optional.ofNullable(slot);
  }

  @Override
  public int compareTo(Waiter<X> other) {
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
