package dev.burnish.controller;

import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainConfig;

/// What a loop trains, and how much; among a script's settings the keys are `seed`, `steps`,
/// `prompts`, `optimizer.lr` and so on.
///
/// @param seed of the run
/// @param steps of the whole run
/// @param prompts whose groups a step trains on
/// @param train memory, health and recomputation of the trainer
public record LoopPlan(
    long seed, int steps, int prompts, OptimizerConfig optimizer, TrainConfig train) {
  public LoopPlan {
    if (prompts < 1) {
      throw new IllegalArgumentException(
          "a step must train on a prompt at least: prompts=%d; give 1 or more".formatted(prompts));
    }
  }
}
