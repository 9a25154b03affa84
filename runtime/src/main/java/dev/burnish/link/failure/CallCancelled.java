package dev.burnish.link.failure;

/// The caller was interrupted, or the callee's call was cancelled. The callee was told to stop.
public final class CallCancelled extends CallFailure {
  private static final long serialVersionUID = 1;

  /// @param message which call
  public CallCancelled(String message) {
    super(message);
  }
}
