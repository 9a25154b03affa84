package dev.burnish.algorithm;

/// PPO's clipped ratio with a ceiling on the loss of a bad token: for a negative advantage the
/// value is at most `-bound A`.
///
/// Source: Ye et al. 2020, equation 5; verl `clip_ratio_c`.
///
/// @param bound the ratio from which a negative advantage stops counting, above 1; 3 is usual
public record DualClip(PpoClip clip, double bound) implements Surrogate {
  public DualClip {
    if (!(bound > 1)) {
      throw new IllegalArgumentException("bound is above 1: bound=" + bound + "; 3 is usual");
    }
  }

  @Override
  public Point at(double logprob, double anchor, double advantage) {
    Point point = clip.at(logprob, anchor, advantage);
    double ceiling = -bound * advantage;
    return advantage < 0 && point.value() > ceiling ? Point.flat(ceiling) : point;
  }
}
