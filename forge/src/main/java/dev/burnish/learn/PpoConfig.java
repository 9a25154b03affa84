package dev.burnish.learn;

/// The settings of PPO besides those of its two optimizers.
///
/// @param epochs times that each episode is trained on
/// @param miniBatches updates of an epoch, between which a step's groups are divided
/// @param clip of the ratio of the policy to the one that sampled, in either direction
/// @param valueClip most that a value may gain from moving away from the old one
/// @param gamma discount per token
/// @param lambda of generalized advantage estimation: 1 for returns without a bias of the critic, 0
///   for one token's difference
/// @param kl coefficient of the divergence from a reference, which each token's reward is lowered
///   by; 0 for none
/// @param entropyBonus coefficient of the mean entropy, which is subtracted from the policy's loss
/// @param truncated the treatment of an episode that the token limit ended
/// @param maxTokens of one micro-batch
public record PpoConfig(
    int epochs,
    int miniBatches,
    double clip,
    double valueClip,
    double gamma,
    double lambda,
    double kl,
    double entropyBonus,
    Truncated truncated,
    int maxTokens) {
  /// The treatment of an episode that the token limit ended.
  public enum Truncated {
    /// It is learned from like any other.
    LEARN,
    /// It is left out of both losses, of the advantages' mean and deviation, and of every count.
    MASK
  }

  public PpoConfig {
    require(epochs >= 1, "ppo.epochs must be at least 1: epochs=" + epochs);
    require(miniBatches >= 1, "ppo.miniBatches must be at least 1: miniBatches=" + miniBatches);
    require(clip > 0 && clip <= 1, "ppo.clip must be above 0 and at most 1: clip=" + clip);
    require(valueClip > 0, "ppo.valueClip must be above 0: valueClip=" + valueClip);
    require(gamma >= 0 && gamma <= 1, "ppo.gamma must be between 0 and 1: gamma=" + gamma);
    require(lambda >= 0 && lambda <= 1, "ppo.lambda must be between 0 and 1: lambda=" + lambda);
    require(kl >= 0, "ppo.kl must be at least 0: kl=" + kl);
    require(entropyBonus >= 0, "ppo.entropyBonus must be at least 0: entropyBonus=" + entropyBonus);
    require(maxTokens >= 1, "ppo.maxTokens must be at least 1: maxTokens=" + maxTokens);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }

  /// Two epochs of two updates, clips of 0.2, no discount, lambda 0.95, no divergence and no
  /// entropy bonus.
  public static PpoConfig defaults() {
    return new PpoConfig(2, 2, 0.2, 0.2, 1, 0.95, 0, 0, Truncated.LEARN, 4096);
  }

  /// Updates of policy and critic in one step: the steps of their learning-rate schedules.
  public int updatesPerStep() {
    return epochs * miniBatches;
  }

  public PpoConfig withEpochs(int value) {
    return new PpoConfig(
        value, miniBatches, clip, valueClip, gamma, lambda, kl, entropyBonus, truncated, maxTokens);
  }

  public PpoConfig withMiniBatches(int value) {
    return new PpoConfig(
        epochs, value, clip, valueClip, gamma, lambda, kl, entropyBonus, truncated, maxTokens);
  }

  public PpoConfig withLambda(double value) {
    return new PpoConfig(
        epochs, miniBatches, clip, valueClip, gamma, value, kl, entropyBonus, truncated, maxTokens);
  }

  public PpoConfig withKl(double value) {
    return new PpoConfig(
        epochs,
        miniBatches,
        clip,
        valueClip,
        gamma,
        lambda,
        value,
        entropyBonus,
        truncated,
        maxTokens);
  }

  public PpoConfig withTruncated(Truncated value) {
    return new PpoConfig(
        epochs, miniBatches, clip, valueClip, gamma, lambda, kl, entropyBonus, value, maxTokens);
  }

  public PpoConfig withMaxTokens(int value) {
    return new PpoConfig(
        epochs, miniBatches, clip, valueClip, gamma, lambda, kl, entropyBonus, truncated, value);
  }
}
