package dev.burnish.service;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Changes of state that every replica must have, and the gate between them and replicas that join.
///
/// A replica is brought up to date outside of the gate, since that may take long, and joins inside
/// of it, while no change is under way. If one was made meanwhile it gets that too, inside: later
/// changes wait for it. So a replica is either among those that a change goes to, or has it before
/// it takes calls; and it gets changes in order.
final class Updates<T> {
  private final ReentrantLock gate = new ReentrantLock();
  private final ReentrantLock oneAtATime = new ReentrantLock(true);
  private final Map<String, Change<T>> latest = new LinkedHashMap<>();
  private final List<Consumer<? super T>> onStart = new ArrayList<>();
  private long numChanges;

  /// @param number of the change: `make` may be the same as before
  private record Change<T>(long number, Consumer<? super T> make) {}

  private record Hooks<T>(
      long numChanges, List<Consumer<? super T>> onStart, List<Change<T>> changes) {
    void bring(T replica) {
      onStart.forEach(hook -> hook.accept(replica));
      changes.forEach(change -> change.make().accept(replica));
    }

    /// The hooks that a replica with other hooks still needs: hooks that run at the start may undo
    /// changes, so the changes follow them again; without such hooks each change is made once.
    Hooks<T> after(Hooks<T> others) {
      if (!onStart.isEmpty()) {
        return this;
      }
      List<Change<T>> missing =
          changes.stream().filter(change -> change.number() > others.numChanges).toList();
      return new Hooks<>(numChanges, onStart, missing);
    }
  }

  /// Runs a hook on every replica that joins from now on.
  void onStart(Consumer<? super T> hook) {
    gate.lock();
    try {
      onStart.add(hook);
    } finally {
      gate.unlock();
    }
  }

  /// Brings a replica up to date and lets it join.
  void admit(T replica, Runnable join) {
    Hooks<T> hooks = hooks();
    hooks.bring(replica);
    oneAtATime.lock();
    try {
      admitNow(replica, hooks, join);
    } finally {
      oneAtATime.unlock();
    }
  }

  private void admitNow(T replica, Hooks<T> has, Runnable join) {
    gate.lock();
    try {
      if (has.numChanges() != numChanges) {
        hooks().after(has).bring(replica);
      }
      join.run();
    } finally {
      gate.unlock();
    }
  }

  /// Begins a change that goes to the current replicas.
  <R> R begin(Supplier<R> replicas) {
    gate.lock();
    try {
      numChanges++;
      return replicas.get();
    } finally {
      gate.unlock();
    }
  }

  /// Makes a named change, one at a time, which every later replica gets too, until the next change
  /// of this name. A change that fails is forgotten: the one before it stays.
  ///
  /// @param spread makes the change at the current replicas, and throws if it is not made
  <R> void update(
      String name, Consumer<? super T> change, Supplier<R> replicas, Consumer<R> spread) {
    oneAtATime.lock();
    try {
      spread.accept(replicas.get());
      begin(() -> {
        latest.remove(name);
        return latest.put(name, new Change<>(numChanges, change));
      });
    } finally {
      oneAtATime.unlock();
    }
  }

  private Hooks<T> hooks() {
    gate.lock();
    try {
      return new Hooks<>(numChanges, List.copyOf(onStart), List.copyOf(latest.values()));
    } finally {
      gate.unlock();
    }
  }
}
