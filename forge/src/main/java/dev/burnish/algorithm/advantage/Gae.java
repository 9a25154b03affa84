package dev.burnish.algorithm.advantage;

import dev.burnish.algorithm.TokenLayout;
import java.util.Arrays;

/// Generalized advantage estimation with a critic's values: `delta = r + gamma V' - V`, `A = delta
/// + gamma lambda A'`.
///
/// Source: Schulman et al. 2016.
///
/// @param masked what tokens inside a response that are no target do; frameworks differ
public record Gae(double gamma, double lambda, Masked masked) {
  public Gae {
    if (!(gamma >= 0 && gamma <= 1 && lambda >= 0 && lambda <= 1)) {
      throw new IllegalArgumentException(
          "gamma and lambda lie in [0, 1]: gamma=%s lambda=%s".formatted(gamma, lambda));
    }
  }

  /// The treatment, in the recursion, of a token that is not a target.
  public enum Masked {
    /// Carries the next target's value and advantage through (verl, NeMo-RL).
    SKIP,
    /// Takes part with value and reward 0 (OpenRLHF).
    ZERO,
    /// Takes part as it is (SkyRL, ROLL, TRL).
    KEEP
  }

  /// Advantages, not whitened, and returns `A + V`; both 0 where a token is not a target.
  @SuppressWarnings("ArrayRecordComponent") // handed to the trainer at once; never compared
  public record Estimate(double[] advantages, double[] returns) {}

  /// VAPO's lambda for the policy's advantages, `1 - 1 / (alpha length)`, at least 0; that of its
  /// critic is 1.
  public static double vapoLambda(double alpha, int length) {
    return Math.max(0, 1 - 1 / (alpha * Math.max(1, length)));
  }

  public Estimate estimate(TokenLayout layout, double[] tokenRewards, double[] values) {
    double[] lambdas = new double[layout.numSequences()];
    Arrays.fill(lambdas, lambda);
    return estimate(layout, tokenRewards, values, lambdas);
  }

  /// Estimates with one lambda per sequence.
  public Estimate estimate(
      TokenLayout layout, double[] tokenRewards, double[] values, double[] lambdas) {
    double[] advantages = new double[layout.numTokens()];
    double[] returns = new double[layout.numTokens()];
    for (int i = 0; i < layout.numSequences(); i++) {
      double nextValue = 0;
      double next = 0;
      for (int t = layout.end(i) - 1; t >= layout.start(i); t--) {
        boolean target = layout.mask()[t];
        if (!target && masked == Masked.SKIP) {
          continue;
        }
        double kept = target || masked == Masked.KEEP ? 1 : 0;
        double value = kept * values[t];
        next = kept * tokenRewards[t] + gamma * nextValue - value + gamma * lambdas[i] * next;
        nextValue = value;
        advantages[t] = target ? next : 0;
        returns[t] = target ? next + value : 0;
      }
    }
    return new Estimate(advantages, returns);
  }
}
