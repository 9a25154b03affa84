package dev.burnish.observe;

import java.util.List;

/// One completion of a run: a line of `samples.jsonl`.
///
/// @param step the training step that it was drawn for
/// @param weightVersion the version of the weights that made it
/// @param prompt the input of the model
/// @param completion the output of the model
/// @param reward the worth of the completion
/// @param advantage how much better it was than the others of its group
/// @param tokens the ids of the completion's tokens
/// @param logprobs the log-probability of each of them
public record SampleLine(
    long step,
    long weightVersion,
    String prompt,
    String completion,
    double reward,
    double advantage,
    List<Integer> tokens,
    List<Float> logprobs) {
  /// Copies both lists.
  ///
  /// @throws IllegalArgumentException if they differ in length
  public SampleLine {
    tokens = List.copyOf(tokens);
    logprobs = List.copyOf(logprobs);
    if (tokens.size() != logprobs.size()) {
      throw new IllegalArgumentException(
          "each token has a logprob: tokens=%d, logprobs=%d"
              .formatted(tokens.size(), logprobs.size()));
    }
  }
}
