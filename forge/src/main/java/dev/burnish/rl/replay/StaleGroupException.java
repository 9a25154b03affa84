package dev.burnish.rl.replay;

/// A group is older than the bound on staleness allows, although admission should have kept it out.
public final class StaleGroupException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StaleGroupException(String message) {
    super(message);
  }
}
