package dev.burnish.train;

import dev.burnish.train.objective.LossMetrics;

/// What one optimizer step did.
///
/// @param gradientNorm global, before clipping
/// @param entropy mean over the targets, in nats
/// @param tokens computed, shared ones once
/// @param targets predicted
/// @param metrics of the objectives, before the update
public record StepReport(
    long step,
    double loss,
    double gradientNorm,
    double lr,
    double entropy,
    int tokens,
    int targets,
    double seconds,
    LossMetrics metrics) {
  public double tokensPerSecond() {
    return tokens / seconds;
  }
}
