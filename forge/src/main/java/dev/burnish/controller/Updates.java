package dev.burnish.controller;

import dev.burnish.train.OptimizerConfig;
import java.util.Optional;

/// The updates of a step of a run.
///
/// @param perStep of the policy, and as many of its critic
/// @param critic its optimizer, where one is trained
public record Updates(long perStep, Optional<OptimizerConfig> critic) {
  public Updates {
    if (perStep < 1) {
      throw new IllegalArgumentException(
          "a step must have an update at least: perStep=%d; give 1 or more".formatted(perStep));
    }
  }

  /// The updates of a policy without a critic.
  public static Updates of(long perStep) {
    return new Updates(perStep, Optional.empty());
  }

  /// As many of a critic, which begins with the model of the policy.
  public Updates withCritic(OptimizerConfig optimizer) {
    return new Updates(perStep, Optional.of(optimizer));
  }
}
