package dev.burnish.rollout;

/// A part of a rollout failed, and the group has no result. That is not a reward of zero: nothing
/// is learned from it.
public abstract sealed class RolloutFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private RolloutFailure(String message, Throwable cause) {
    super(message, cause);
  }

  /// The generator failed.
  public static final class GenerationFailed extends RolloutFailure {
    private static final long serialVersionUID = 1;

    public GenerationFailed(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /// The environment, a tool or anything else between generator and reward failed.
  public static final class EnvironmentFailed extends RolloutFailure {
    private static final long serialVersionUID = 1;

    public EnvironmentFailed(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /// The reward failed.
  public static final class RewardFailed extends RolloutFailure {
    private static final long serialVersionUID = 1;

    public RewardFailed(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
