package dev.burnish.serve;

import dev.burnish.rollout.SamplingParams;
import dev.burnish.tools.ToolFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// A request for completions, read and checked.
///
/// @param prompts token ids; completion `i` of prompt `p` is choice `p * n + i` of the answer
/// @param firstIndex of the prompts in their call: draws depend on it
/// @param echoed texts that the choices of each prompt begin with; none without `echo`
/// @param format what the answer has in it
record GenerationRequest(
    List<int[]> prompts,
    SamplingParams sampling,
    int firstIndex,
    List<String> echoed,
    Format format) {
  /// @param delivery whole or in pieces
  /// @param topLogprobs how many other tokens each token's logprob is shown beside; empty: no
  ///   logprobs
  /// @param tokenIds whether the ids of prompt and completion are in the answer
  /// @param namesTokensById whether logprobs name tokens as `token_id:42` instead of by their text
  /// @param tools how the model writes calls of tools, where the answer has them apart from its
  ///   text
  record Format(
      Delivery delivery,
      OptionalInt topLogprobs,
      boolean tokenIds,
      boolean namesTokensById,
      Optional<ToolFormat> tools) {}

  /// How an answer comes.
  enum Delivery {
    WHOLE,
    /// As events, while it is generated.
    STREAMED,
    /// The same, with a last event that has the usage.
    STREAMED_WITH_USAGE
  }

  GenerationRequest {
    prompts = List.copyOf(prompts);
    echoed = List.copyOf(echoed);
  }

  int numChoices() {
    return prompts.size() * sampling.n();
  }

  int[] prompt(int choice) {
    return prompts.get(choice / sampling.n());
  }
}
