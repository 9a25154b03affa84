package dev.burnish.link.failure;

/// The caller was interrupted, or the callee's call was cancelled. The callee was told to stop. The
/// interrupt of the caller stays set.
public final class CallCancelled extends CallFailure {
  private static final long serialVersionUID = 1;

  /// @param message which call
  public CallCancelled(String message) {
    super(message);
  }

  /// @param message which call
  /// @param cause the interrupt
  public CallCancelled(String message, Throwable cause) {
    super(message, cause);
  }

  /// The failure of a thread that was interrupted while it waited: the interrupt is set again.
  ///
  /// @param message the awaited event
  public static CallCancelled by(InterruptedException interrupt, String message) {
    Thread.currentThread().interrupt();
    return new CallCancelled(message, interrupt);
  }
}
