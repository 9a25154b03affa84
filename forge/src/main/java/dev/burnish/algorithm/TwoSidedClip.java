package dev.burnish.algorithm;

/// PPO's clipped ratio whose unclipped branch is capped too: `min(r, delta)` takes the place of
/// `r`.
///
/// Source: INTELLECT-2 report; TRL `delta`.
///
/// @param delta cap of the ratio, above `1 + clipHigh`
public record TwoSidedClip(PpoClip clip, double delta) implements Surrogate {
  public TwoSidedClip {
    if (!(delta > 1 + clip.clipHigh())) {
      throw new IllegalArgumentException(
          "delta is above 1 + clipHigh: delta=%s clipHigh=%s; 4 is usual"
              .formatted(delta, clip.clipHigh()));
    }
  }

  @Override
  public Point at(double logprob, double anchor, double advantage) {
    boolean capped = Surrogate.ratio(logprob, anchor) > delta;
    return capped ? atCap(advantage, 1 + clip.clipHigh()) : clip.at(logprob, anchor, advantage);
  }

  private Point atCap(double advantage, double clipped) {
    return Point.flat(Math.max(-delta * advantage, -clipped * advantage));
  }
}
