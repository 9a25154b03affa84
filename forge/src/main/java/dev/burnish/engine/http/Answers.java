package dev.burnish.engine.http;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.TokenVersions;
import tools.jackson.databind.JsonNode;

/// Reads completions from the answers of servers, which are checked: a trainer must not learn from
/// logprobs that belong to other tokens.
final class Answers {
  private Answers() {}

  /// @param tokens ids
  /// @param logprobs one per token
  /// @param version that sampled them
  static Completion completion(
      JsonNode tokens, JsonNode logprobs, long version, String text, String finish) {
    if (!tokens.isArray() || !logprobs.isArray() || tokens.size() != logprobs.size()) {
      throw new ServerFailed(
          "a server must give a logprob for each token id: ids=%s logprobs=%s; vLLM does from 0.10.2 on"
              .formatted(size(tokens), size(logprobs)));
    }
    int[] ids = new int[tokens.size()];
    float[] values = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = id(tokens.path(i));
      values[i] = logprob(logprobs.path(i));
    }
    return new Completion(ids, values, TokenVersions.of(version, ids.length), text, reason(finish));
  }

  private static String size(JsonNode array) {
    return array.isArray() ? Integer.toString(array.size()) : "none";
  }

  private static int id(JsonNode json) {
    if (!json.canConvertToInt() || json.intValue() < 0) {
      throw new ServerFailed("a token id must be a number of at least 0: id=" + json);
    }
    return json.intValue();
  }

  private static float logprob(JsonNode json) {
    float value = json.isNumber() ? json.decimalValue().floatValue() : Float.NaN;
    if (!(value <= 1e-3f)) { // rounding leaves some above 0
      throw new ServerFailed("a logprob must be a number of at most 0: logprob=" + json);
    }
    return value;
  }

  private static FinishReason reason(String name) {
    return switch (name) {
      case "stop" -> FinishReason.STOP;
      case "length" -> FinishReason.LENGTH;
      case "abort" -> FinishReason.ABORTED;
      default ->
          throw new ServerFailed(
              "a completion must end by stop, length or abort: finish_reason=" + name);
    };
  }
}
