package dev.burnish.service.routing;

import dev.burnish.link.CallChain;
import dev.burnish.service.routing.Request.Affinity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Chooses among the healthy replicas. Guarded by the lock of its dispatcher.
final class Selection {
  /// Where a call goes, in the current state.
  sealed interface Choice {
    /// A replica that has a free permit.
    record Take(ReplicaSlot slot) implements Choice {}

    /// The replica that the call waits for.
    record WaitFor(ReplicaSlot slot) implements Choice {}

    /// The call waits for any replica.
    record WaitForAny() implements Choice {}
  }

  private final Router router;
  private final int concurrency;
  private List<ReplicaSlot> healthy = List.of();

  Selection(Router router, int concurrency) {
    this.router = router;
    this.concurrency = concurrency;
  }

  /// By number.
  List<ReplicaSlot> healthy() {
    return healthy;
  }

  void add(ReplicaSlot slot) {
    List<ReplicaSlot> more = new ArrayList<>(healthy);
    more.add(slot);
    more.sort(Comparator.comparingInt(ReplicaSlot::replica));
    healthy = List.copyOf(more);
  }

  void remove(ReplicaSlot slot) {
    healthy = healthy.stream().filter(other -> !other.equals(slot)).toList();
  }

  /// The number of calls that all of them take at once.
  int numPermits() {
    return healthy.size() * concurrency;
  }

  boolean isFree(ReplicaSlot slot) {
    return slot.numInFlight() < concurrency;
  }

  /// Chooses the replica for a call.
  ///
  /// @throws BindingLost if it is of a session that has lost its replica
  Choice choose(Affinity affinity) {
    return switch (affinity) {
      case Affinity.Any _ -> chooseFree();
      case Affinity.Keyed(String key) ->
          healthy.isEmpty() ? new Choice.WaitForAny() : takeOrWait(pick(healthy, Optional.of(key)));
      case Affinity.Bound(Binding binding) -> {
        if (binding.lost().isPresent()) {
          throw new BindingLost(binding.lost().get());
        }
        yield binding.slot().map(this::takeOrWait).orElseGet(this::chooseFree);
      }
    };
  }

  /// Rejects a call that waits for a permit, while every permit that it could get is held by a call
  /// that waits for this one: it would wait for itself.
  ///
  /// @throws IllegalStateException in that case
  void checkCircle(CallName call, Choice choice) {
    CallChain waiting = CallChain.current();
    List<ReplicaSlot> awaited =
        switch (choice) {
          case Choice.Take _ -> List.of();
          case Choice.WaitFor(ReplicaSlot slot) -> List.of(slot);
          case Choice.WaitForAny _ -> healthy;
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
              .formatted(circle, call));
    }
  }

  private Choice chooseFree() {
    List<ReplicaSlot> free = free();
    return free.isEmpty() ? new Choice.WaitForAny() : new Choice.Take(pick(free, Optional.empty()));
  }

  /// The replicas that can take a call now: no list is made in the usual case that all can.
  private List<ReplicaSlot> free() {
    for (ReplicaSlot slot : healthy) {
      if (!isFree(slot)) {
        return healthy.stream().filter(this::isFree).toList();
      }
    }
    return healthy;
  }

  private Choice takeOrWait(ReplicaSlot slot) {
    return isFree(slot) ? new Choice.Take(slot) : new Choice.WaitFor(slot);
  }

  private ReplicaSlot pick(List<ReplicaSlot> candidates, Optional<String> key) {
    int position = router.pick(candidates, key);
    if (position < 0 || position >= candidates.size()) {
      throw new IllegalStateException(
          "a router picks one of the candidates: position=%d candidates=%d router=%s"
              .formatted(position, candidates.size(), router.getClass().getName()));
    }
    return candidates.get(position);
  }
}
