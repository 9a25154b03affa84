package dev.burnish.service.routing;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// The open sessions of one process. Shares the lock of its dispatcher.
public final class Sessions<X> {
  private final ReentrantLock lock;
  private final Condition changed;
  private final Set<Binding<X>> open = new HashSet<>();

  /// @param changed signalled when one ends
  Sessions(ReentrantLock lock, Condition changed) {
    this.lock = lock;
    this.changed = changed;
  }

  /// A session, bound by its first call.
  public Binding<X> open() {
    return locked(() -> {
      Binding<X> binding = new Binding<>();
      open.add(binding);
      return binding;
    });
  }

  /// Ends [#open].
  public void close(Binding<X> binding) {
    locked(() -> {
      binding.open = false;
      binding.slot.ifPresent(slot -> slot.bindings.remove(binding));
      binding.slot = Optional.empty();
      changed.signalAll();
      return open.remove(binding);
    });
  }

  /// Whoever owns the session knows that it is lost: its next call binds it again.
  public void acknowledge(Binding<X> binding) {
    locked(() -> binding.lost = Optional.empty());
  }

  /// A lost session goes on where another is bound, which ends.
  public void adopt(Binding<X> binding, Binding<X> other) {
    locked(() -> {
      binding.lost = other.lost;
      Optional<ReplicaSlot<X>> slot = other.slot;
      close(other);
      slot.ifPresent(to -> bind(binding, to));
      return slot;
    });
  }

  /// The replica that a session is bound to.
  public Optional<Integer> replica(Binding<X> binding) {
    return locked(() -> binding.slot.map(ReplicaSlot::replica));
  }

  /// Whether a session has lost its replica and its owner does not know yet.
  public boolean isLost(Binding<X> binding) {
    return locked(() -> binding.lost.isPresent());
  }

  int size() {
    return open.size();
  }

  void bind(Binding<X> binding, ReplicaSlot<X> slot) {
    if (binding.open) {
      binding.slot = Optional.of(slot);
      slot.bindings.add(binding);
    }
  }

  /// The replica of a slot is lost with what it knew.
  void lose(ReplicaSlot<X> slot, ReplicaFailure failure) {
    for (Binding<X> binding : slot.bindings) {
      binding.slot = Optional.empty();
      binding.lost = Optional.of(failure);
    }
    slot.bindings.clear();
  }

  private <R> R locked(Supplier<R> work) {
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }
}
