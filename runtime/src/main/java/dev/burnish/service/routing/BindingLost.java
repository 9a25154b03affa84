package dev.burnish.service.routing;

/// The replica that a session was bound to is lost, with what it knew of the session.
public final class BindingLost extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient Loss loss;

  BindingLost(Loss loss) {
    super(loss.toString());
    this.loss = loss;
  }

  /// How the replica was lost.
  public Loss loss() {
    return loss;
  }
}
