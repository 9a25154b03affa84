package dev.burnish.algorithm;

/// Drops the bad sequences that the policy has moved away from: a token with a negative advantage
/// counts only while its sequence's mean of `rolloutLogprobs - logprob` is at most `delta`.
///
/// Source: DeepSeek-V3.2 report, "off-policy sequence masking".
///
/// @param delta infinite keeps everything
public record OffPolicyMask(double delta) {
  public OffPolicyMask {
    if (Double.isNaN(delta)) {
      throw new IllegalArgumentException("delta is a number: delta=NaN; infinity keeps everything");
    }
  }

  public static OffPolicyMask none() {
    return new OffPolicyMask(Double.POSITIVE_INFINITY);
  }

  boolean active() {
    return delta != Double.POSITIVE_INFINITY;
  }

  /// Whether tokens with this advantage take part, given the divergence of their sequence.
  public boolean keeps(double divergence, double advantage) {
    return !(advantage < 0 && divergence > delta);
  }

  /// The mean of `rolloutLogprobs - logprob` over a sequence's targets; 0 if it has none.
  public static double divergence(TokenBatch batch, int sequence) {
    TokenLayout layout = batch.layout();
    double[] anchor = batch.hasRollout() ? batch.rolloutLogprobs() : batch.oldLogprobs();
    double sum = 0;
    for (int t = layout.start(sequence); t < layout.end(sequence); t++) {
      sum += layout.mask()[t] && anchor.length > 0 ? anchor[t] - batch.logprobs()[t] : 0;
    }
    return sum / Math.max(1, layout.numTargets(sequence));
  }
}
