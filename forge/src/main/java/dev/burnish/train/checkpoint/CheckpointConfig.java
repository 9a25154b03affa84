package dev.burnish.train.checkpoint;

import dev.burnish.train.checkpoint.Best.Goal;

/// When a run writes checkpoints, and which of them stay.
///
/// @param every steps between two
/// @param keep how many of the latest stay
/// @param best the metric whose best step keeps a checkpoint apart from these, written when it is
///   recorded; empty for none
/// @param goal which values of that metric are good
public record CheckpointConfig(long every, int keep, String best, Goal goal) {
  public CheckpointConfig {
    if (every < 1) {
      throw new IllegalArgumentException(
          "checkpoints are at least a step apart: checkpoints.every=%d; give 1 for one a step"
              .formatted(every));
    }
    if (keep < 1) {
      throw new IllegalArgumentException(
          "at least one checkpoint is kept: checkpoints.keep=%d; a run without one cannot go on"
              .formatted(keep));
    }
  }

  /// Every 100 steps, the last two.
  public static CheckpointConfig defaults() {
    return new CheckpointConfig(100, 2, "", Goal.LOWEST);
  }
}
