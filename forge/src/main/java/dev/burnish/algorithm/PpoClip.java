package dev.burnish.algorithm;

/// PPO's clipped ratio, with separate bounds for DAPO's clip-higher: `max(-rA, -clip(r, 1 -
/// clipLow, 1 + clipHigh) A)`.
///
/// Source: Schulman et al. 2017, equation 7; Yu et al. 2025 (DAPO), section 3.1.
public record PpoClip(double clipLow, double clipHigh) implements Surrogate {
  public PpoClip {
    if (!(clipLow >= 0 && clipLow <= 1 && clipHigh >= 0)) {
      throw new IllegalArgumentException(
          "clip range is 0 <= clipLow <= 1 and clipHigh >= 0: clipLow=%s clipHigh=%s; 0.2 and 0.28 are usual"
              .formatted(clipLow, clipHigh));
    }
  }

  @Override
  public Point at(double logprob, double anchor, double advantage) {
    double ratio = Surrogate.ratio(logprob, anchor);
    double open = -ratio * advantage;
    double clipped = -Surrogate.clamp(ratio, 1 - clipLow, 1 + clipHigh) * advantage;
    return clipped > open
        ? Point.flat(clipped)
        : Point.open(open, -advantage * Surrogate.ratioSlope(logprob, anchor));
  }
}
