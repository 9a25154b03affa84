package dev.burnish.rollout;

/// The most likely tokens at one position of a completion, and the one that was drawn there, in the
/// distribution that was asked for ([SamplingParams.Logprobs]).
///
/// @param tokens most likely first, equals by id; fewer than asked for where fewer may be drawn
/// @param logprobs natural log-probabilities of `tokens`
/// @param drawn log-probability of the token that was drawn
@SuppressWarnings("ArrayRecordComponent") // as in Completion
public record TopLogprobs(int[] tokens, float[] logprobs, float drawn) {
  public TopLogprobs {
    if (tokens.length != logprobs.length) {
      throw new IllegalArgumentException(
          "each token must have a log-probability: tokens=%d logprobs=%d"
              .formatted(tokens.length, logprobs.length));
    }
  }
}
