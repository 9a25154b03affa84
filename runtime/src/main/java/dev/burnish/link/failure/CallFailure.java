package dev.burnish.link.failure;

/// The reason for which the system, not the endpoint, failed a call. An exception that the endpoint
/// threw arrives as itself.
public abstract sealed class CallFailure extends RuntimeException
    permits ReplicaLost, CallTimedOut, CallCancelled, Overloaded {
  private static final long serialVersionUID = 1;

  CallFailure(String message) {
    super(message);
  }

  CallFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
