package dev.burnish.generate;

import java.util.List;

/// Samples completions of prompts.
public interface Generator extends AutoCloseable {
  /// The completions of each prompt, in order, `params.n` of each.
  ///
  /// @param prompts token ids
  /// @throws IllegalArgumentException if a prompt is empty or leaves no room in the model's longest
  ///   sequence
  List<List<Completion>> generate(List<int[]> prompts, SamplingParams params);

  /// The completions of one text prompt.
  List<Completion> generate(String prompt, SamplingParams params);

  @Override
  void close();
}
