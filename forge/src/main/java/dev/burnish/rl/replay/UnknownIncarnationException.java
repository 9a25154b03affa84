package dev.burnish.rl.replay;

/// A buffer has other content than the caller knows: its process was restarted, or somebody else
/// restored it.
public final class UnknownIncarnationException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public UnknownIncarnationException(String message) {
    super(message);
  }
}
