package dev.burnish.train.checkpoint;

import dev.burnish.train.checkpoint.Best.Goal;

/// The schedule of a run's checkpoints, and which of them are kept.
///
/// @param every steps between two
/// @param keep how many of the latest are kept
/// @param best the metric whose best step keeps a checkpoint apart from these, written when the
///   metric is recorded; empty for none
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

  /// Every 100 steps, keeping the last two.
  public static CheckpointConfig defaults() {
    return new CheckpointConfig(100, 2, "", Goal.LOWEST);
  }
}
