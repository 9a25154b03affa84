package dev.burnish.learn;

/// How well held-out documents are predicted.
///
/// @param loss mean negative log-likelihood of a target, in nats
/// @param targets predicted
public record EvalReport(double loss, long targets) {
  /// Among how many equally likely tokens the model chooses, so to speak.
  public double perplexity() {
    return Math.exp(loss);
  }
}
