package dev.burnish.algorithm;

/// Clipped importance-sampling weights that never stop a token's gradient: `-sg(clip(r, low, high))
/// A logprob`. With `[0.1, 10]` and the rollout as anchor it is TorchForge's ReinforceLoss; with
/// `low = 0` it is TRL's form, whose bound is absolute.
///
/// Source: MiniMax-M1 report, equation 4.
public record Cispo(double low, double high) implements Surrogate {
  public Cispo {
    if (!(low >= 0 && high > low)) {
      throw new IllegalArgumentException(
          "weights lie in 0 <= low < high, both absolute: low=%s high=%s; 0.8 and 1.2 clip by 0.2"
              .formatted(low, high));
    }
  }

  @Override
  public Point at(double logprob, double anchor, double advantage) {
    double ratio = Surrogate.ratio(logprob, anchor);
    double weight = Surrogate.clamp(ratio, low, high);
    double slope = -weight * advantage;
    return new Point(slope * logprob, slope, weight != ratio);
  }
}
