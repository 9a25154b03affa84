package dev.burnish.mesh;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.Deadline;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Where a part of a mesh is: it will have a place, has one, or is gone. Thread-safe.
///
/// @param <V> a place
final class Slot<V> {
  private sealed interface State<V> {}

  private record Coming<V>() implements State<V> {}

  private record At<V>(V place) implements State<V> {}

  private record Gone<V>(ReplicaLost cause) implements State<V> {}

  private final String name;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile State<V> state = new Coming<>();

  /// @param name such as `counters[1]`
  Slot(String name) {
    this.name = name;
  }

  static <V> Slot<V> at(String name, V place) {
    Slot<V> slot = new Slot<>(name);
    slot.settle(place);
    return slot;
  }

  /// The slot of a place that another process asks for.
  ///
  /// @throws IllegalArgumentException if there is none
  static <V> Slot<V> of(List<Slot<V>> slots, String what, int place) {
    if (place < 0 || place >= slots.size()) {
      throw new IllegalArgumentException(
          "%s has a place in its mesh: place=%d size=%d".formatted(what, place, slots.size()));
    }
    return slots.get(place);
  }

  String name() {
    return name;
  }

  /// Waits until it has a place, however long that takes.
  ///
  /// @throws ReplicaLost if it is gone
  /// @throws CallCancelled if this thread is interrupted
  V get() {
    return now().orElseGet(this::await);
  }

  /// Waits until it has a place.
  ///
  /// @throws ReplicaLost if it is gone
  /// @throws CallCancelled if this thread is interrupted
  /// @throws dev.burnish.link.failure.CallTimedOut if it has no place by then
  V get(Deadline deadline) {
    return state instanceof At<V>(V place) ? place : await(deadline);
  }

  boolean isGone() {
    return state instanceof Gone<V>;
  }

  Optional<V> now() {
    return state instanceof At<V>(V place) ? Optional.of(place) : Optional.empty();
  }

  boolean isAt(V place) {
    return now().filter(place::equals).isPresent();
  }

  void settle(V place) {
    change(new At<>(place));
  }

  void lose(ReplicaLost cause) {
    change(new Gone<>(cause));
  }

  /// Notes that the process is being restarted: callers wait for it.
  void expect() {
    change(new Coming<>());
  }

  /// Like [#expect()], if it is at a place.
  boolean expectIfAt(V place) {
    lock.lock();
    try {
      boolean there = isAt(place);
      if (there) {
        expect();
      }
      return there;
    } finally {
      lock.unlock();
    }
  }

  private void change(State<V> next) {
    lock.lock();
    try {
      state = next;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private V await() {
    lock.lock();
    try {
      while (state instanceof Coming<V>) {
        Waits.await(changed);
      }
      return settled();
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      lock.unlock();
    }
  }

  private V await(Deadline deadline) {
    lock.lock();
    try {
      if (deadline.await(lock, changed, () -> !(state instanceof Coming<V>))) {
        return settled();
      }
      throw deadline.failure(name + ", which is being made");
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      lock.unlock();
    }
  }

  private V settled() {
    return switch (state) {
      case At<V>(V place) -> place;
      case Gone<V>(ReplicaLost cause) ->
          throw new ReplicaLost("%s is gone: %s".formatted(name, cause.getMessage()), cause);
      case Coming<V>() -> throw new IllegalStateException("who waits, waits until it is settled");
    };
  }

  private CallCancelled interrupted(InterruptedException e) {
    return CallCancelled.by(e, "interrupted while %s is being made".formatted(name));
  }
}
