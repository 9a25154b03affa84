package dev.burnish.algorithm;

/// Estimators of the divergence of the policy from a reference, at one sampled token: `x = logprobs
/// - refLogprobs`.
///
/// Source: Schulman, "Approximating KL divergence", 2020; verl `core_algos.py` kl_penalty.
public enum Kl {
  /// `x`: unbiased, of high variance. Its gradient is 1 and says nothing: use it in rewards.
  K1,
  /// `|x|`.
  ABS,
  /// `x^2 / 2`: biased, but its gradient is that of the divergence.
  K2,
  /// `exp(-x) + x - 1`, held in `[-10, 10]`: GRPO's.
  K3,
  /// The value of [#K3] with the gradient of [#K2] (verl's `k3+`).
  K3_STRAIGHT_THROUGH,
  /// [#K3] weighted by the ratio to the old policy (DeepSeek-V3.2).
  UNBIASED;

  private static final double MAX_INPUT = 20;
  private static final double MAX_OUTPUT = 10;

  /// @param ratio of the current to the old policy; only [#UNBIASED] reads it
  public double value(double x, double ratio) {
    return switch (this) {
      case K1 -> x;
      case ABS -> Math.abs(x);
      case K2 -> x * x / 2;
      case K3, K3_STRAIGHT_THROUGH -> Surrogate.clamp(k3(x), -MAX_OUTPUT, MAX_OUTPUT);
      case UNBIASED -> ratio * Surrogate.clamp(k3(x), -MAX_OUTPUT, MAX_OUTPUT);
    };
  }

  /// The derivative of [#value] with respect to the current log-probability.
  public double slope(double x, double ratio) {
    return switch (this) {
      case K1 -> 1;
      case ABS -> Math.signum(x);
      case K2, K3_STRAIGHT_THROUGH -> x;
      case K3 -> k3Slope(x);
      case UNBIASED -> value(x, ratio) + ratio * k3Slope(x);
    };
  }

  private static double k3(double x) {
    double held = Surrogate.clamp(x, -MAX_INPUT, MAX_INPUT);
    return Math.expm1(-held) + held;
  }

  private static double k3Slope(double x) {
    boolean clamped = Math.abs(x) > MAX_INPUT || k3(x) > MAX_OUTPUT;
    return clamped ? 0 : -Math.expm1(-x);
  }

  /// A divergence from the reference policy added to the loss, `beta` times its estimate.
  public record Penalty(Kl estimator, double beta) {
    public Penalty {
      if (!(beta >= 0)) {
        throw new IllegalArgumentException(
            "beta is not negative: beta=" + beta + "; 0 turns it off");
      }
    }

    public static Penalty none() {
      return new Penalty(Kl.K3, 0);
    }

    /// Whether it has a share in the loss.
    public boolean active() {
      return beta > 0;
    }
  }
}
