package dev.burnish.service.routing;

import java.util.Optional;

/// What binds the calls of a session to one replica: the one that took its first call. When that is
/// lost the binding is lost too, until its owner has taken note. Guarded by the lock of its
/// dispatcher.
public final class Binding<X> {
  Optional<ReplicaSlot<X>> slot = Optional.empty();
  Optional<ReplicaFailure> lost = Optional.empty();
  boolean open = true;

  Binding() {}
}
