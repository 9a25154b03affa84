package dev.burnish.controller;

import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainConfig;

/// What a loop trains, and how much.
///
/// @param optimizer of the policy
/// @param train memory and health of the trainer
/// @param steps of the whole run
/// @param groups that a step trains on
/// @param seed of the run
public record LoopPlan(
    OptimizerConfig optimizer, TrainConfig train, long steps, int groups, long seed) {
  public LoopPlan {
    if (groups < 1) {
      throw new IllegalArgumentException(
          "a step must train on a group at least: groups=%d; give 1 or more".formatted(groups));
    }
  }
}
