package dev.burnish.service.routing;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// The open sessions of one process. Shares the lock of its dispatcher.
public final class Sessions {
  private final ReentrantLock lock;
  private final Condition changed;
  private final Set<Binding> open = new HashSet<>();

  /// @param changed signalled when a session ends
  Sessions(ReentrantLock lock, Condition changed) {
    this.lock = lock;
    this.changed = changed;
  }

  /// A session, bound by its first call.
  public Binding open() {
    return locked(() -> {
      Binding binding = new Binding();
      open.add(binding);
      return binding;
    });
  }

  /// Ends [#open].
  public void close(Binding binding) {
    locked(() -> end(binding));
  }

  private boolean end(Binding binding) {
    binding.close();
    changed.signalAll();
    return open.remove(binding);
  }

  /// The owner of the session knows that its replica is lost: the next call binds it again.
  public void acknowledge(Binding binding) {
    locked(() -> {
      binding.acknowledge();
      return binding;
    });
  }

  /// Lets a lost session take over the binding of another, which ends.
  public void adopt(Binding binding, Binding other) {
    locked(() -> {
      binding.adopt(other);
      return end(other);
    });
  }

  /// The replica that a session is bound to.
  public Optional<Integer> replica(Binding binding) {
    return locked(() -> binding.slot().map(ReplicaSlot::replica));
  }

  /// Whether a session has lost its replica and its owner does not know yet.
  public boolean isLost(Binding binding) {
    return locked(() -> binding.lost().isPresent());
  }

  int size() {
    return open.size();
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
