package dev.burnish.service.routing;

import java.util.Optional;

/// The binding of the calls of a session to one replica: the one that took its first call. When
/// that is lost the binding is lost too, until its owner has acknowledged. Guarded by the lock of
/// its dispatcher.
public final class Binding {
  private Optional<ReplicaSlot> slot = Optional.empty();
  private Optional<ReplicaFailure> lost = Optional.empty();
  private boolean open = true;

  Binding() {}

  /// The slot of its calls, once one was made.
  Optional<ReplicaSlot> slot() {
    return slot;
  }

  /// How its replica was lost, until [#acknowledge].
  Optional<ReplicaFailure> lost() {
    return lost;
  }

  boolean isBoundElsewhere(ReplicaSlot other) {
    return slot.isPresent() && !slot.get().equals(other);
  }

  /// Binds it, if the session has not ended.
  void bindTo(ReplicaSlot to) {
    if (open) {
      slot = Optional.of(to);
      to.add(this);
    }
  }

  /// Marks the replica as lost with its state of the session.
  void lose(ReplicaFailure failure) {
    slot = Optional.empty();
    lost = Optional.of(failure);
  }

  /// Notes that the session's owner knows that it is lost: the next call binds it again.
  void acknowledge() {
    lost = Optional.empty();
  }

  /// Takes over the binding of another session, which ends.
  void adopt(Binding other) {
    lost = other.lost;
    Optional<ReplicaSlot> to = other.slot;
    other.close();
    to.ifPresent(this::bindTo);
  }

  /// Called when the session has ended.
  void close() {
    open = false;
    slot.ifPresent(bound -> bound.remove(this));
    slot = Optional.empty();
  }
}
