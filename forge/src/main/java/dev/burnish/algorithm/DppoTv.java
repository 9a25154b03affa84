package dev.burnish.algorithm;

/// A ratio that is dropped where the probability has already moved too far in the wanted direction,
/// plus a small quadratic pull: `-keep A r + tau log(r)^2`. The anchor is the rollout's policy.
///
/// Source: prime-rl `rl/loss.py` (its documentation differs from its code; this follows the code).
///
/// @param maxShift of the probability of a token, up for a good one and down for a bad one
public record DppoTv(double maxShift, double tau) implements Surrogate {
  public DppoTv {
    if (!(maxShift > 0 && tau >= 0)) {
      throw new IllegalArgumentException(
          "maxShift > 0 and tau >= 0: maxShift=%s tau=%s; 0.2 and 0.001 are usual"
              .formatted(maxShift, tau));
    }
  }

  @Override
  public Point at(double logprob, double anchor, double advantage) {
    double logRatio = logprob - anchor;
    double pull = tau * logRatio * logRatio;
    double pullSlope = 2 * tau * logRatio;
    if (!keeps(logprob, anchor, advantage)) {
      return new Point(pull, pullSlope, true);
    }
    double ratio = Surrogate.ratio(logprob, anchor);
    double slope = -advantage * Surrogate.ratioSlope(logprob, anchor);
    return Point.open(-advantage * ratio + pull, slope + pullSlope);
  }

  /// Whether the ratio of a token takes part.
  public boolean keeps(double logprob, double anchor, double advantage) {
    double shift = Math.exp(logprob) - Math.exp(anchor);
    return advantage > 0 ? !(shift > maxShift) : !(shift < -maxShift);
  }
}
