package dev.burnish.link.failure;

/// The callee's queue is full; the call did not run.
public final class Overloaded extends CallFailure {
  private static final long serialVersionUID = 1;

  /// @param message whose queue, and its bound
  public Overloaded(String message) {
    super(message);
  }
}
