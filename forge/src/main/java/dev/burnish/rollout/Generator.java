package dev.burnish.rollout;

import java.util.List;

/// Samples completions of prompts with the weights of a policy. Everything that is passed and
/// returned travels, so that a generator may live in another process.
///
/// A completion is a function of the weights, its prompt, `sampling` with its seed, and the indexes
/// of prompt and completion in the call, independent of whatever else runs.
public interface Generator {
  /// The `sampling.n` completions of a prompt.
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens or leaves no room in the model's
  ///   longest sequence
  Group generate(Prompt prompt, SamplingParams sampling);

  /// The groups of many prompts, in their order. Generating them together is faster than one by
  /// one.
  List<Group> generateAll(List<Prompt> prompts, SamplingParams sampling);

  /// Takes over the weights of `version`, and returns the version in use afterwards.
  ///
  /// @throws IllegalArgumentException if there are no weights of that version; the ones before stay
  ///   in use
  long updateWeights(long version);

  /// The version of the weights in use.
  long version();
}
