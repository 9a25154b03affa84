package dev.burnish.algorithm.advantage;

/// The log-probability under the policy of an in-between version, without a forward pass:
/// log-linear between the version that generated and the current one. It stands in for
/// `oldLogprobs` in decoupled PPO, whose correction is the ratio of this policy to the rollout's.
///
/// Source: AReaL `functional.py`.
public final class ProximalPolicy {
  private ProximalPolicy() {}

  /// @param versions of the weights: `rollout <= proximal <= current`
  public static double logprob(double rolloutLogprob, double currentLogprob, Versions versions) {
    return rolloutLogprob + versions.progress() * (currentLogprob - rolloutLogprob);
  }

  /// The weight versions that generated a token, that the step started from, and that is trained.
  public record Versions(long rollout, long proximal, long current) {
    public Versions {
      if (rollout > proximal || proximal > current) {
        throw new IllegalArgumentException(
            "versions do not fall: rollout=%d proximal=%d current=%d"
                .formatted(rollout, proximal, current));
      }
    }

    double progress() {
      return current == rollout ? 0 : (double) (proximal - rollout) / (current - rollout);
    }
  }
}
