package dev.burnish.rollout;

import java.util.List;

/// Samples completions of prompts.
public interface Generator extends AutoCloseable {
  /// The completions of each prompt, in order, `params.n` of each.
  ///
  /// @param prompts token ids
  /// @throws IllegalArgumentException if a prompt is empty or leaves no room in the model's longest
  ///   sequence
  List<List<Completion>> generateTokens(List<int[]> prompts, SamplingParams params);

  /// Like [#generateTokens], for prompts as plain texts, with the tokens that the tokenizer puts
  /// before every text. A chat goes through [#generateTokens]: its template has written them.
  List<List<Completion>> generate(List<String> prompts, SamplingParams params);

  /// The completions of one text prompt.
  default List<Completion> generate(String prompt, SamplingParams params) {
    return generate(List.of(prompt), params).getFirst();
  }

  @Override
  void close();
}
