package dev.burnish.rollout;

import dev.burnish.actor.Idempotent;

/// The worth of a completion: a pure function, so that it may run anywhere and at any time.
@FunctionalInterface
public interface Reward {
  /// The worth.
  ///
  /// @param target the right answer, as the data set has it
  @Idempotent
  double evaluate(String prompt, String completion, String target);

  /// This reward plus `weight` times another.
  default Reward plus(double weight, Reward other) {
    return (prompt, completion, target) ->
        evaluate(prompt, completion, target) + weight * other.evaluate(prompt, completion, target);
  }

  /// 1 if the completion without surrounding white space is the target, else 0.
  static Reward exact() {
    return (_, completion, target) -> completion.strip().equals(target.strip()) ? 1 : 0;
  }
}
