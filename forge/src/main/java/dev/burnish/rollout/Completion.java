package dev.burnish.rollout;

/// One sampled continuation of a prompt.
///
/// @param prompt token ids it continues
/// @param tokens what was sampled, the end token included where one came
/// @param logprobs natural log-probability of each token under softmax(logits / temperature),
///   before top-k and top-p cut it
/// @param text of the tokens without special tokens, cut before a stop string
/// @param version of the weights that sampled it
public record Completion(
    int[] prompt, int[] tokens, float[] logprobs, String text, FinishReason finish, long version) {
  public Completion {
    if (tokens.length != logprobs.length) {
      throw new IllegalArgumentException(
          "each token has a log-probability: tokens=%d logprobs=%d"
              .formatted(tokens.length, logprobs.length));
    }
  }
}
