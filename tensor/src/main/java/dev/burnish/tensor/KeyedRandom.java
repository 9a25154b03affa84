package dev.burnish.tensor;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Random numbers as a function of (run seed, purpose, index): no state is shared, so results do
/// not depend on the order of draws.
public final class KeyedRandom {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private KeyedRandom() {}

  /// A fresh generator: the same for the same key, independent of that of any other.
  public static RandomGenerator of(long runSeed, String purpose, long index) {
    return new SplittableRandom(bits(runSeed, purpose, index));
  }

  /// 64 random bits of a key.
  public static long bits(long runSeed, String purpose, long index) {
    long hash = mix(runSeed + GOLDEN_GAMMA);
    for (int i = 0; i < purpose.length(); i++) {
      hash = mix(hash + GOLDEN_GAMMA * (purpose.charAt(i) + 1L));
    }
    return mix(hash * GOLDEN_GAMMA + mix(~index));
  }

  /// Source: Steele et al. 2014 (SplitMix64), the finaliser by Stafford, variant 13.
  public static long mix(long z) {
    long first = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long second = (first ^ (first >>> 27)) * 0x94D049BB133111EBL;
    return second ^ (second >>> 31);
  }
}
