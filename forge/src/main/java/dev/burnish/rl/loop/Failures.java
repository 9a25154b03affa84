package dev.burnish.rl.loop;

import dev.burnish.concurrent.Thrown;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.rl.ledger.GroupEnd.Cause;
import dev.burnish.rl.ledger.GroupEnd.Failed;
import dev.burnish.rollout.RolloutFailure;
import java.util.List;

/// Judges the exceptions of rollouts, by their types.
final class Failures {
  private Failures() {}

  static Failed of(Throwable thrown) {
    Cause cause =
        Thrown.chain(thrown).stream()
            .filter(RolloutFailure.class::isInstance)
            .map(RolloutFailure.class::cast)
            .findFirst()
            .map(Failures::cause)
            .orElse(Cause.ENVIRONMENT);
    return new Failed(cause, Thrown.text(thrown));
  }

  private static Cause cause(RolloutFailure failure) {
    return switch (failure) {
      case RolloutFailure.GenerationFailed _ -> Cause.GENERATOR;
      case RolloutFailure.EnvironmentFailed _ -> Cause.ENVIRONMENT;
      case RolloutFailure.RewardFailed _ -> Cause.REWARD;
    };
  }

  /// Whether what was drawn has nothing to do with it: a process was lost or is late.
  static boolean isOfTheSystem(Throwable thrown) {
    List<Throwable> chain = Thrown.chain(thrown);
    return chain.stream().anyMatch(CallFailure.class::isInstance);
  }
}
