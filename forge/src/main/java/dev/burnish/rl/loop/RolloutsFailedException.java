package dev.burnish.rl.loop;

/// Training cannot go on, since rollouts cannot: every group of a step failed, or the code that
/// runs them did.
public final class RolloutsFailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public RolloutsFailedException(String message) {
    super(message);
  }

  public RolloutsFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
