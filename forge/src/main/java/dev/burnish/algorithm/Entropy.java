package dev.burnish.algorithm;

/// Entropy of the distribution that logits stand for: the reference for the trainer's kernel, whose
/// loss term is `-coefficient` times the mean entropy.
public final class Entropy {
  private Entropy() {}

  /// The log-probability of each entry.
  public static double[] logSoftmax(double[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - max);
    }
    double[] logprobs = new double[logits.length];
    for (int j = 0; j < logits.length; j++) {
      logprobs[j] = logits[j] - max - Math.log(sum);
    }
    return logprobs;
  }

  /// The entropy in nats.
  public static double of(double[] logits) {
    double entropy = 0;
    for (double logprob : logSoftmax(logits)) {
      entropy -= logprob == Double.NEGATIVE_INFINITY ? 0 : Math.exp(logprob) * logprob;
    }
    return entropy;
  }

  /// The derivative of [#of] with respect to each logit: `-p (log p + H)`.
  public static double[] gradient(double[] logits) {
    double entropy = of(logits);
    double[] gradient = logSoftmax(logits);
    for (int j = 0; j < gradient.length; j++) {
      double logprob = gradient[j];
      gradient[j] =
          logprob == Double.NEGATIVE_INFINITY ? 0 : -Math.exp(logprob) * (logprob + entropy);
    }
    return gradient;
  }
}
