package dev.burnish.train;

/// What one optimizer step did.
///
/// @param gradientNorm global, before clipping
/// @param entropy mean over the targets, in nats
/// @param tokens computed, shared ones once
/// @param targets predicted
public record StepReport(
    long step,
    double loss,
    double gradientNorm,
    double lr,
    double entropy,
    int tokens,
    int targets,
    double seconds) {
  public double tokensPerSecond() {
    return tokens / seconds;
  }
}
