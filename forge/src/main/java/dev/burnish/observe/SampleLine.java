package dev.burnish.observe;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Optional;

/// One completion of a run: a line of `samples.jsonl`.
///
/// @param step the training step that it was drawn for
/// @param weightVersion the oldest version of the weights that sampled one of its tokens
/// @param versions of the weights, where more than one sampled it: the runs of its tokens
/// @param prompt the input of the model
/// @param completion the output of the model
/// @param reward the worth of the completion
/// @param advantage how much better it was than the others of its group
/// @param tokens the ids of the completion's tokens
/// @param logprobs the log-probability of each of them
/// @param origin how it came about
public record SampleLine(
    long step,
    long weightVersion,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Run> versions,
    String prompt,
    String completion,
    double reward,
    double advantage,
    List<Integer> tokens,
    List<Float> logprobs,
    Origin origin) {
  /// Tokens that one version of the weights sampled.
  ///
  /// @param from index of the first; they end where the next run begins
  public record Run(int from, long version) {}

  /// How a completion came about: no number depends on it.
  ///
  /// @param madeBy the generator, where it is known
  /// @param position of its group in the data, where a loop asked for it
  /// @param attempts until the group was made, the last included
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Origin(
      Optional<String> madeBy, Optional<Long> position, Optional<Integer> attempts) {
    public static final Origin UNKNOWN =
        new Origin(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /// Copies the lists.
  ///
  /// @throws IllegalArgumentException if tokens and log-probabilities differ in length
  public SampleLine {
    versions = List.copyOf(versions);
    tokens = List.copyOf(tokens);
    logprobs = List.copyOf(logprobs);
    if (tokens.size() != logprobs.size()) {
      throw new IllegalArgumentException(
          "each token has a logprob: tokens=%d, logprobs=%d"
              .formatted(tokens.size(), logprobs.size()));
    }
  }
}
