package dev.burnish.mesh;

import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/// Where a part of a mesh is: it will be somewhere, is somewhere, or is gone. Thread-safe.
///
/// @param <V> a place
final class Slot<V> {
  private sealed interface State<V> {}

  private record Coming<V>(CountDownLatch settled) implements State<V> {}

  private record At<V>(V place) implements State<V> {}

  private record Gone<V>(ReplicaLost cause) implements State<V> {}

  private final String name;
  private volatile State<V> state = new Coming<>(new CountDownLatch(1));

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

  /// Waits until it is somewhere.
  ///
  /// @throws ReplicaLost if it is gone
  V get() {
    while (true) {
      switch (state) {
        case At<V>(V place) -> {
          return place;
        }
        case Gone<V>(ReplicaLost cause) ->
            throw new ReplicaLost("%s is gone: %s".formatted(name, cause.getMessage()), cause);
        case Coming<V>(CountDownLatch settled) -> await(settled);
      }
    }
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

  /// It is being made anew: who asks waits.
  void expect() {
    change(new Coming<>(new CountDownLatch(1)));
  }

  /// As [#expect()], where it is at a place.
  synchronized boolean expectIfAt(V place) {
    boolean there = isAt(place);
    if (there) {
      expect();
    }
    return there;
  }

  private synchronized void change(State<V> next) {
    State<V> before = state;
    state = next;
    if (before instanceof Coming<V>(CountDownLatch settled)) {
      settled.countDown();
    }
  }

  private void await(CountDownLatch settled) {
    try {
      settled.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallCancelled("interrupted while %s is being made".formatted(name));
    }
  }
}
