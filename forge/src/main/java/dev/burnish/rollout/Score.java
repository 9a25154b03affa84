package dev.burnish.rollout;

/// How likely given tokens are.
///
/// @param logprobs natural log-probability of each token after all before it, under softmax(logits)
/// @param version of the weights
@SuppressWarnings("ArrayRecordComponent") // as in Completion
public record Score(float[] logprobs, long version) {
  /// Log-probability of all tokens together.
  public double sum() {
    double sum = 0;
    for (float logprob : logprobs) {
      sum += logprob;
    }
    return sum;
  }
}
