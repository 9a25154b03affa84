package dev.burnish.algorithm;

/// The policy term of a loss at one point, a token or a whole sequence: what is minimised and its
/// derivative with respect to the current log-probability. Closed and made of records, so that a
/// loss made from it travels to other processes.
public sealed interface Surrogate permits Cispo, DppoTv, DualClip, PpoClip, TwoSidedClip {
  /// Log-ratios are held within this bound before they are exponentiated; Source: verl
  /// `core_algos.py` compute_policy_loss.
  double MAX_LOG_RATIO = 20;

  /// @param anchor the log-probability under the policy that the ratio is taken to
  Point at(double logprob, double anchor, double advantage);

  /// @param slope derivative with respect to `logprob`
  /// @param clipped whether clipping decided the value
  record Point(double value, double slope, boolean clipped) {
    /// A point where the gradient is stopped.
    static Point flat(double value) {
      return new Point(value, 0, true);
    }

    static Point open(double value, double slope) {
      return new Point(value, slope, false);
    }
  }

  /// The ratio of two policies, kept finite.
  static double ratio(double logprob, double anchor) {
    return Math.exp(clamp(logprob - anchor, -MAX_LOG_RATIO, MAX_LOG_RATIO));
  }

  /// The derivative of [#ratio] with respect to `logprob`.
  static double ratioSlope(double logprob, double anchor) {
    return Math.abs(logprob - anchor) > MAX_LOG_RATIO ? 0 : ratio(logprob, anchor);
  }

  /// `value` held in `[low, high]`; NaN stays NaN, so that a broken batch is seen.
  static double clamp(double value, double low, double high) {
    return value < low ? low : value > high ? high : value;
  }

  /// The range of tokens that a probability ratio is taken over.
  enum Level {
    /// One token.
    TOKEN,
    /// The geometric mean over a sequence's targets (GSPO).
    SEQUENCE_MEAN,
    /// The product over a sequence's targets (TRL's RLOO).
    SEQUENCE_PRODUCT;

    public boolean ofSequence() {
      return this != TOKEN;
    }

    /// The share of each target in a sequence's log-ratio.
    public double share(int targets) {
      return this == SEQUENCE_MEAN ? 1.0 / targets : 1.0;
    }
  }
}
