package dev.burnish.rollout;

/// One sampled continuation of a prompt.
///
/// @param tokens the sampled tokens, the end token included where one came
/// @param logprobs natural log-probability of each token under softmax(logits / temperature),
///   before top-k and top-p cut it
/// @param versions of the weights that sampled each token
/// @param text of the tokens without special tokens, cut before a stop string
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record Completion(
    int[] tokens, float[] logprobs, TokenVersions versions, String text, FinishReason finish) {
  public Completion {
    if (tokens.length != logprobs.length || tokens.length != versions.length()) {
      throw new IllegalArgumentException(
          "each token must have a log-probability and a version: tokens=%d logprobs=%d versions=%d"
              .formatted(tokens.length, logprobs.length, versions.length()));
    }
  }
}
