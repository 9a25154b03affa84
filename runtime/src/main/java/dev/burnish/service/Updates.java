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
/// of it. If a change has begun meanwhile, it is brought up to date once more, inside: changes that
/// follow wait for it. So a replica is either among those that a change goes to, or has it before
/// it takes calls.
final class Updates<T> {
  private final ReentrantLock gate = new ReentrantLock();
  private final ReentrantLock oneAtATime = new ReentrantLock(true);
  private final Map<String, Consumer<? super T>> latest = new LinkedHashMap<>();
  private final List<Consumer<? super T>> onStart = new ArrayList<>();
  private long numChanges;

  private record Hooks<T>(long numChanges, List<Consumer<? super T>> all) {
    void bring(T replica) {
      all.forEach(hook -> hook.accept(replica));
    }
  }

  /// Has something run on every replica that joins from now on.
  void onStart(Consumer<? super T> hook) {
    gate.lock();
    try {
      onStart.add(hook);
    } finally {
      gate.unlock();
    }
  }

  /// Brings a replica up to date and has it join.
  void admit(T replica, Runnable join) {
    Hooks<T> hooks = hooks();
    hooks.bring(replica);
    gate.lock();
    try {
      if (hooks.numChanges() != numChanges) {
        hooks().bring(replica);
      }
      join.run();
    } finally {
      gate.unlock();
    }
  }

  /// Begins a change that goes to the replicas that there are now.
  <R> R begin(Supplier<R> replicas) {
    gate.lock();
    try {
      numChanges++;
      return replicas.get();
    } finally {
      gate.unlock();
    }
  }

  /// Makes a change of a name, one at a time, which every later replica gets too, until the next of
  /// this name.
  ///
  /// @param spread makes it at those that there are now
  <R> void update(
      String name, Consumer<? super T> change, Supplier<R> replicas, Consumer<R> spread) {
    oneAtATime.lock();
    try {
      R now =
          begin(() -> {
            latest.remove(name);
            latest.put(name, change);
            return replicas.get();
          });
      spread.accept(now);
    } finally {
      oneAtATime.unlock();
    }
  }

  private Hooks<T> hooks() {
    gate.lock();
    try {
      List<Consumer<? super T>> all = new ArrayList<>(onStart);
      all.addAll(latest.values());
      return new Hooks<>(numChanges, all);
    } finally {
      gate.unlock();
    }
  }
}
