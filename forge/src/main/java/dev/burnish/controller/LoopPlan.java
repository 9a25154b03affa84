package dev.burnish.controller;

import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainConfig;

/// The training that a loop does.
///
/// @param seed of the run
/// @param steps of the whole run
/// @param updates of the trainer per step
/// @param prompts whose groups a step trains on
/// @param train memory, health and recomputation of the trainer
public record LoopPlan(
    long seed,
    long steps,
    long updates,
    int prompts,
    OptimizerConfig optimizer,
    TrainConfig train) {
  public LoopPlan {
    if (prompts < 1) {
      throw new IllegalArgumentException(
          "a step must train on a prompt at least: prompts=%d; give 1 or more".formatted(prompts));
    }
  }

  /// Updates of the whole run, over which the schedule of the learning rate runs.
  public long totalUpdates() {
    return Math.multiplyExact(steps, updates);
  }
}
