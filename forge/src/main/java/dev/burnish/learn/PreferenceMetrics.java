package dev.burnish.learn;

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
  static final PreferenceMetrics ZERO = new PreferenceMetrics(0, 0, 0, 0, 0, 0);

  /// By how much the chosen answers lead.
  public double margin() {
    return chosenReward - rejectedReward;
  }

  PreferenceMetrics plus(PreferenceMetrics other) {
    return new PreferenceMetrics(
        loss + other.loss,
        chosenReward + other.chosenReward,
        rejectedReward + other.rejectedReward,
        accuracy + other.accuracy,
        chosenLogprob + other.chosenLogprob,
        rejectedLogprob + other.rejectedLogprob);
  }
}
