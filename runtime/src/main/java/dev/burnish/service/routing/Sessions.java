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
      binding.lane.ifPresent(lane -> lane.bindings.remove(binding));
      binding.lane = Optional.empty();
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
      Optional<Lane<X>> lane = other.lane;
      close(other);
      lane.ifPresent(to -> bind(binding, to));
      return lane;
    });
  }

  /// The replica that a session is bound to.
  public Optional<Integer> replica(Binding<X> binding) {
    return locked(() -> binding.lane.map(Lane::replica));
  }

  /// Whether a session has lost its replica and its owner does not know yet.
  public boolean isLost(Binding<X> binding) {
    return locked(() -> binding.lost.isPresent());
  }

  int size() {
    return open.size();
  }

  void bind(Binding<X> binding, Lane<X> lane) {
    if (binding.open) {
      binding.lane = Optional.of(lane);
      lane.bindings.add(binding);
    }
  }

  /// The replica of a lane is lost with what it knew.
  void lose(Lane<X> lane, Loss loss) {
    for (Binding<X> binding : lane.bindings) {
      binding.lane = Optional.empty();
      binding.lost = Optional.of(loss);
    }
    lane.bindings.clear();
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
