package dev.burnish.rl.loop;

import dev.burnish.rollout.ScoredGroup;

/// Makes one group: samples a problem, generates, scores. Runs for many slots at once, each on a
/// virtual thread of its own, and blocks. It is interrupted when its time is over or the run ends.
@FunctionalInterface
public interface RolloutFunction {
  /// The group of a slot: a function of its position and seed and of the weights, so that a group
  /// that is made again is the same.
  ///
  /// @throws dev.burnish.rollout.RolloutFailure if a part of it failed; any other exception counts
  ///   as a failure of the environment
  ScoredGroup make(Slot slot) throws Exception;
}
