package dev.burnish.controller;

import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainConfig;

/// The training that a loop does.
///
/// @param seed of the run
/// @param steps of the whole run
/// @param updates of a step
/// @param prompts whose groups a step trains on
/// @param optimizer of the policy
/// @param train memory, health and recomputation of each trainer
public record LoopPlan(
    long seed,
    long steps,
    Updates updates,
    int prompts,
    OptimizerConfig optimizer,
    TrainConfig train) {
  public LoopPlan {
    if (prompts < 1) {
      throw new IllegalArgumentException(
          "a step must train on a prompt at least: prompts=%d; give 1 or more".formatted(prompts));
    }
  }

  /// Updates of the policy in the whole run, over which the schedule of the learning rate runs.
  public long totalUpdates() {
    return Math.multiplyExact(steps, updates.perStep());
  }
}
