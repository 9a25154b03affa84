package dev.burnish.algorithm;

/// A loss over a range of tokens.
///
/// @param value the range's share of the loss of the whole batch
/// @param gradient derivative with respect to the current log-probability of each token of the
///   range
/// @param tokenWeights the weight of each token of the range in a mean over tokens, for terms that
///   the trainer adds itself, such as entropy
@SuppressWarnings("ArrayRecordComponent") // handed to the trainer at once; never compared
public record LossResult(double value, double[] gradient, double[] tokenWeights, Metrics metrics) {
  /// Metrics of a loss for one step. All but the maximum are means over the targets of the whole
  /// batch, so the parts of a batch add up.
  ///
  /// @param clipFraction of targets where clipping decided
  /// @param oldKl divergence from the old policy, estimator k3
  /// @param referenceKl divergence from the reference, estimator k3
  /// @param mismatchKl of the rollout's from the current policy, `exp(q) - q - 1` with `q =
  ///   logprobs - rolloutLogprobs`
  /// @param weight of the correction, mean
  /// @param dropped fraction of targets whose weight is 0
  /// @param ratioMax largest ratio of the current to the anchor policy
  public record Metrics(
      double clipFraction,
      double oldKl,
      double referenceKl,
      double mismatchKl,
      double weight,
      double dropped,
      double ratioMax) {
    public static final Metrics ZERO = new Metrics(0, 0, 0, 0, 0, 0, 0);

    /// All but the maximum times a factor, such as 1 / the number of times that a batch was used.
    public Metrics times(double factor) {
      return new Metrics(
          factor * clipFraction,
          factor * oldKl,
          factor * referenceKl,
          factor * mismatchKl,
          factor * weight,
          factor * dropped,
          ratioMax);
    }

    /// The metrics of two parts of a batch together.
    public Metrics plus(Metrics other) {
      return new Metrics(
          clipFraction + other.clipFraction,
          oldKl + other.oldKl,
          referenceKl + other.referenceKl,
          mismatchKl + other.mismatchKl,
          weight + other.weight,
          dropped + other.dropped,
          Math.max(ratioMax, other.ratioMax));
    }
  }
}
