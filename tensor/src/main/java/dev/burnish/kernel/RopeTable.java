package dev.burnish.kernel;

/// Cosines and sines of rotary position embeddings for the positions from 0 on.
///
/// @param headDim columns of a head; `headDim / 2` angles per position
/// @param cos `[positions * headDim / 2]`, row-major, scaled by the attention factor where there is
///   one
/// @param sin as `cos`
public record RopeTable(int headDim, float[] cos, float[] sin) {
  /// Angles `position * inverseFrequency` in single precision, as the original library computes
  /// them.
  public static RopeTable of(float[] inverseFrequencies, int positions, double attentionFactor) {
    int half = inverseFrequencies.length;
    float[] cos = new float[Math.multiplyExact(positions, half)];
    float[] sin = new float[cos.length];
    for (int position = 0; position < positions; position++) {
      for (int i = 0; i < half; i++) {
        float angle = position * inverseFrequencies[i];
        cos[position * half + i] = (float) (Math.cos(angle) * attentionFactor);
        sin[position * half + i] = (float) (Math.sin(angle) * attentionFactor);
      }
    }
    return new RopeTable(2 * half, cos, sin);
  }

  public int positions() {
    return cos.length / (headDim / 2);
  }
}
