package dev.burnish.service.routing;

import dev.burnish.link.CallChain;
import dev.burnish.service.routing.Request.Affinity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Chooses among the healthy replicas. Guarded by the lock of its dispatcher.
final class Selection<X> {
  /// Where a call goes, as things are.
  sealed interface Choice<X> {
    /// A slot that is free.
    record Take<X>(ReplicaSlot<X> slot) implements Choice<X> {}

    /// The replica that the call waits for.
    record WaitFor<X>(ReplicaSlot<X> slot) implements Choice<X> {}

    /// The call waits for any.
    record WaitForAny<X>() implements Choice<X> {}
  }

  private final Router router;
  private final int concurrency;
  private List<ReplicaSlot<X>> healthy = List.of();

  Selection(Router router, int concurrency) {
    this.router = router;
    this.concurrency = concurrency;
  }

  /// By number.
  List<ReplicaSlot<X>> healthy() {
    return healthy;
  }

  void add(ReplicaSlot<X> slot) {
    List<ReplicaSlot<X>> more = new ArrayList<>(healthy);
    more.add(slot);
    more.sort(Comparator.comparingInt(ReplicaSlot::replica));
    healthy = List.copyOf(more);
  }

  void remove(ReplicaSlot<X> slot) {
    healthy = healthy.stream().filter(other -> !other.equals(slot)).toList();
  }

  /// Calls that all of them take at once.
  int numPermits() {
    return healthy.size() * concurrency;
  }

  boolean isFree(ReplicaSlot<X> slot) {
    return slot.numInFlight < concurrency;
  }

  /// Where a call goes.
  ///
  /// @throws BindingLost if it is of a session that has lost its replica
  Choice<X> choose(Affinity<X> affinity) {
    return switch (affinity) {
      case Affinity.Any<X> _ -> chooseFree();
      case Affinity.Keyed<X>(String key) ->
          healthy.isEmpty()
              ? new Choice.WaitForAny<>()
              : takeOrWait(pick(healthy, Optional.of(key)));
      case Affinity.Bound<X>(Binding<X> binding) -> {
        if (binding.lost.isPresent()) {
          throw new BindingLost(binding.lost.get());
        }
        yield binding.slot.map(this::takeOrWait).orElseGet(this::chooseFree);
      }
    };
  }

  /// A call that waits for a slot, while every slot that it could get waits for what it is part of,
  /// would wait for itself.
  ///
  /// @throws IllegalStateException then
  void checkCircle(String what, Choice<X> choice) {
    CallChain waiting = CallChain.current();
    List<ReplicaSlot<X>> awaited =
        switch (choice) {
          case Choice.Take<X> _ -> List.of();
          case Choice.WaitFor<X>(ReplicaSlot<X> slot) -> List.of(slot);
          case Choice.WaitForAny<X> _ -> healthy;
        };
    if (!awaited.isEmpty()
        && awaited.stream().allMatch(slot -> slot.numHeldBy(waiting) >= concurrency)) {
      int first = awaited.getFirst().firstHolder(waiting).orElseThrow();
      String circle =
          waiting.waiters().stream()
              .skip(first)
              .map(CallChain.Waiter::name)
              .collect(Collectors.joining(" -> "));
      throw new IllegalStateException(
          "a call that leads back to a service whose replicas all wait for it would wait for itself: circle=%s -> %s; give the service more replicas or service.concurrency, call what it would ask for before, or pass that on"
              .formatted(circle, what));
    }
  }

  private Choice<X> chooseFree() {
    List<ReplicaSlot<X>> free = healthy;
    if (!healthy.stream().allMatch(this::isFree)) {
      free = healthy.stream().filter(this::isFree).toList();
    }
    return free.isEmpty()
        ? new Choice.WaitForAny<>()
        : new Choice.Take<>(pick(free, Optional.empty()));
  }

  private Choice<X> takeOrWait(ReplicaSlot<X> slot) {
    return isFree(slot) ? new Choice.Take<>(slot) : new Choice.WaitFor<>(slot);
  }

  private ReplicaSlot<X> pick(List<ReplicaSlot<X>> candidates, Optional<String> key) {
    int position = router.pick(candidates, key);
    if (position < 0 || position >= candidates.size()) {
      throw new IllegalStateException(
          "a router picks one of the candidates: position=%d candidates=%d router=%s"
              .formatted(position, candidates.size(), router.getClass().getName()));
    }
    return candidates.get(position);
  }
}
