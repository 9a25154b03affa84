package dev.burnish.service.routing;

import dev.burnish.link.failure.Overloaded;
import dev.burnish.service.routing.Queueing.Overflow;
import dev.burnish.service.routing.Request.Affinity;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/// The calls of one process that wait for a replica: one queue for all replicas, and one per slot
/// for calls of a key or a session, which wait for that replica only. Guarded by the lock of its
/// dispatcher.
final class CallQueue {
  private final String service;
  private final Queueing queueing;
  private final TreeSet<Waiter> forAny = new TreeSet<>();
  private int size;
  private long nextSequence;

  CallQueue(String service, Queueing queueing) {
    this.service = service;
    this.queueing = queueing;
  }

  int size() {
    return size;
  }

  /// A waiter for a call, which is not in a queue yet.
  ///
  /// @throws Overloaded if the queue is full
  Waiter admit(Request request) {
    if (queueing.overflow() == Overflow.REJECT && size >= queueing.capacity()) {
      throw new Overloaded(
          "the queue of service %s is full: call=%s capacity=%d; call later, or raise service.capacity"
              .formatted(service, request.call(), queueing.capacity()));
    }
    return new Waiter(request, nextSequence++);
  }

  void add(Waiter waiter) {
    forAny.add(waiter);
    size++;
  }

  void add(Waiter waiter, ReplicaSlot slot) {
    slot.add(waiter);
    size++;
  }

  /// Removes the next call for a slot.
  Optional<Waiter> poll(ReplicaSlot slot) {
    Optional<Waiter> next = slot.next(forAny);
    next.ifPresent(waiter -> remove(waiter, List.of(slot)));
    return next;
  }

  /// Removes a call; returns whether it waited.
  boolean remove(Waiter waiter, Collection<ReplicaSlot> slots) {
    boolean waited = forAny.remove(waiter);
    for (ReplicaSlot slot : slots) {
      waited |= slot.remove(waiter);
    }
    size -= waited ? 1 : 0;
    return waited;
  }

  /// Removes the calls of keys that wait for any replica.
  List<Waiter> removeKeyed() {
    List<Waiter> removed = forAny.stream().filter(CallQueue::isKeyed).toList();
    removed.forEach(forAny::remove);
    size -= removed.size();
    return removed;
  }

  /// Removes the calls of keys that wait for a replica.
  List<Waiter> removeKeyed(ReplicaSlot slot) {
    return removeIf(slot, CallQueue::isKeyed);
  }

  /// Removes all calls that wait for a replica.
  List<Waiter> removeAll(ReplicaSlot slot) {
    return removeIf(slot, waiter -> true);
  }

  private List<Waiter> removeIf(ReplicaSlot slot, Predicate<Waiter> which) {
    List<Waiter> removed = slot.removeIf(which);
    size -= removed.size();
    return removed;
  }

  /// Removes all calls.
  List<Waiter> removeAll(Collection<ReplicaSlot> slots) {
    List<Waiter> removed = new ArrayList<>(forAny);
    size -= removed.size();
    forAny.clear();
    slots.forEach(slot -> removed.addAll(removeAll(slot)));
    return removed;
  }

  private static boolean isKeyed(Waiter waiter) {
    return waiter.request().affinity() instanceof Affinity.Keyed;
  }
}
