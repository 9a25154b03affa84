package dev.burnish.service.routing;

/// The replica that a session was bound to is lost, with its state of the session.
public final class BindingLost extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient ReplicaFailure failure;

  BindingLost(ReplicaFailure failure) {
    super(failure.toString());
    this.failure = failure;
  }

  /// How the replica was lost.
  public ReplicaFailure failure() {
    return failure;
  }
}
