package dev.burnish.learn;

/// How well held-out documents are predicted.
///
/// @param loss mean negative log-likelihood of a target, in nats
/// @param targets predicted
public record EvalReport(double loss, long targets) {
  /// The number of equally likely tokens that would give the same loss.
  public double perplexity() {
    return Math.exp(loss);
  }
}
