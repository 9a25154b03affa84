package dev.burnish.serve;

import dev.burnish.rollout.SamplingParams;
import java.util.List;
import java.util.OptionalInt;

/// Reads the sampling of a request.
final class SamplingFields {
  private static final int MAX_STOP_TEXTS = 16;

  private SamplingFields() {}

  /// @param maxTokens of each completion
  /// @param seed for a request that gives none
  /// @throws ApiError if a value is out of range
  static SamplingParams read(Fields fields, SamplingDefaults defaults, int maxTokens, long seed) {
    fields.refuse("use_beam_search", "sample instead");
    OptionalInt topK = fields.integer("top_k", -1, Integer.MAX_VALUE);
    return SamplingParams.defaults()
        .withN(fields.integer("n", 1, Integer.MAX_VALUE).orElse(1))
        .withMaxTokens(maxTokens)
        .withTemperature(fields.number("temperature", 0, 100).orElse(defaults.temperature()))
        .withTopP(fields.number("top_p", Double.MIN_NORMAL, 1).orElse(defaults.topP()))
        .withTopK(Math.max(0, topK.orElse(defaults.topK())))
        .withSuppressed(defaults.suppressed())
        .withStop(stop(fields))
        .withSeed(fields.integer64("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(seed));
  }

  private static List<String> stop(Fields fields) {
    List<String> texts = fields.texts("stop");
    if (texts.size() > MAX_STOP_TEXTS || texts.stream().anyMatch(String::isEmpty)) {
      throw ApiError.invalid(
          "stop",
          "stop must have at most %d texts of at least one character: texts=%d"
              .formatted(MAX_STOP_TEXTS, texts.size()));
    }
    return texts;
  }
}
