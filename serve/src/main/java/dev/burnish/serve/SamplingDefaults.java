package dev.burnish.serve;

import dev.burnish.rollout.SamplingParams;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The sampling of requests that do not say it: what the model's `generation_config.json` sets, and
/// otherwise the defaults of OpenAI's API. vLLM does the same; `burnish generate` is greedy unless
/// that file has `do_sample`.
///
/// @param suppressed token ids that are never sampled
record SamplingDefaults(
    double temperature,
    SamplingParams.Truncation truncation,
    double repetitionPenalty,
    List<Integer> suppressed) {
  SamplingDefaults {
    suppressed = List.copyOf(suppressed);
  }

  /// @param config a `generation_config.json`, checked before
  static SamplingDefaults of(ObjectNode config) {
    JsonNode ids = config.path("suppress_tokens");
    return new SamplingDefaults(
        number(config, "temperature", 1),
        new SamplingParams.Truncation(
            Math.max(number(config, "top_p", 1), Double.MIN_NORMAL),
            (int) number(config, "top_k", 0),
            number(config, "min_p", 0),
            number(config, "typical_p", 1)),
        number(config, "repetition_penalty", 1),
        IntStream.range(0, ids.isArray() ? ids.size() : 0)
            .mapToObj(i -> ids.path(i).asInt())
            .toList());
  }

  private static double number(ObjectNode config, String name, double otherwise) {
    return config.hasNonNull(name) ? config.path(name).asDouble() : otherwise;
  }
}
