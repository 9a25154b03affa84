package dev.burnish.algorithm.advantage;

/// DAPO's soft penalty for long responses: none up to `maxLength - cache`, then falling linearly to
/// `-factor` at `maxLength`.
///
/// Source: Yu et al. 2025 (DAPO), equation 13.
public record Overlong(int maxLength, int cache, double factor) {
  public Overlong {
    if (cache <= 0 || cache > maxLength) {
      throw new IllegalArgumentException(
          "cache lies in (0, maxLength]: cache=%d maxLength=%d; a fifth of maxLength is usual"
              .formatted(cache, maxLength));
    }
  }

  /// The penalty to add to the reward; at least `-factor` (TRL, OpenRLHF).
  public double penalty(int length) {
    return Math.max(unbounded(length), -factor);
  }

  /// As [#penalty], but it continues to fall past `maxLength` (verl, AReaL, NeMo-RL).
  public double unbounded(int length) {
    return Math.min(-(length - (maxLength - cache)) / (double) cache * factor, 0);
  }
}
