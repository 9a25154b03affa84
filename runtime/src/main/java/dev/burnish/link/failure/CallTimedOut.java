package dev.burnish.link.failure;

/// The deadline of a call passed. The callee was told to stop; it stays as it is.
public final class CallTimedOut extends CallFailure {
  private static final long serialVersionUID = 1;

  /// @param message which call, and how long it waited
  public CallTimedOut(String message) {
    super(message);
  }
}
