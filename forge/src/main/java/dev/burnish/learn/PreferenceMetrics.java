package dev.burnish.learn;

import dev.burnish.algorithm.preference.PreferenceLoss;

/// How a policy judges preference pairs.
///
/// @param chosenReward mean of `beta (logprobs - referenceLogprobs)` of the chosen answers
/// @param rejectedReward of the rejected ones
/// @param accuracy share of the pairs whose chosen answer has the larger reward
/// @param chosenLogprob mean log-probability of a chosen answer
/// @param rejectedLogprob of a rejected one
public record PreferenceMetrics(
    double loss,
    double chosenReward,
    double rejectedReward,
    double accuracy,
    double chosenLogprob,
    double rejectedLogprob) {
  static PreferenceMetrics of(PreferenceLoss.Metrics means) {
    return new PreferenceMetrics(
        means.loss(),
        means.chosenReward(),
        means.rejectedReward(),
        means.accuracy(),
        means.chosenLogprob(),
        means.rejectedLogprob());
  }

  /// By how much the chosen answers lead.
  public double margin() {
    return chosenReward - rejectedReward;
  }
}
