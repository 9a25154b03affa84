package dev.burnish.rl.ledger;

/// The end of a group. Each group that was dispatched ends exactly once.
public sealed interface GroupEnd {
  /// The kind that it counts as.
  Kind kind();

  /// A step was trained on it.
  ///
  /// @param version of the weights that were trained
  record Trained(long version) implements GroupEnd {
    @Override
    public Kind kind() {
      return Kind.TRAINED;
    }
  }

  /// There was nothing to learn from it, by a filter's judgment.
  ///
  /// @param why such as `all rewards are equal`
  record Filtered(String why) implements GroupEnd {
    @Override
    public Kind kind() {
      return Kind.FILTERED;
    }
  }

  /// It could not be made. That is not a reward of zero: nothing is learned from it.
  ///
  /// @param cause where it failed
  /// @param why the message of the last failure
  record Failed(Cause cause, String why) implements GroupEnd {
    @Override
    public Kind kind() {
      return switch (cause) {
        case GENERATOR -> Kind.GENERATOR_FAILED;
        case ENVIRONMENT -> Kind.ENVIRONMENT_FAILED;
        case REWARD -> Kind.REWARD_FAILED;
        case TIMEOUT -> Kind.TIMED_OUT;
      };
    }
  }

  /// The run ended before it did.
  record Cancelled() implements GroupEnd {
    @Override
    public Kind kind() {
      return Kind.CANCELLED;
    }
  }

  /// The place where a group failed.
  enum Cause {
    GENERATOR,
    ENVIRONMENT,
    REWARD,
    TIMEOUT
  }

  /// The kinds by which ends are counted.
  enum Kind {
    TRAINED,
    FILTERED,
    GENERATOR_FAILED,
    ENVIRONMENT_FAILED,
    REWARD_FAILED,
    TIMED_OUT,
    CANCELLED
  }
}
