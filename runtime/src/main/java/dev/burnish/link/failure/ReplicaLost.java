package dev.burnish.link.failure;

/// The actor, its process, its host or the connection to it is gone. Whether the call ran is not
/// known.
public final class ReplicaLost extends CallFailure {
  private static final long serialVersionUID = 1;

  /// @param message what was lost, and why if that is known
  public ReplicaLost(String message) {
    super(message);
  }

  /// @param message what was lost
  public ReplicaLost(String message, Throwable cause) {
    super(message, cause);
  }
}
