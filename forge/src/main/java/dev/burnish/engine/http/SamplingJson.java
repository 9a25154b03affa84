package dev.burnish.engine.http;

import dev.burnish.rollout.SamplingParams;
import dev.burnish.tensor.KeyedRandom;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Writes the sampling of a request as servers read it.
final class SamplingJson {
  private static final double BANNED = -100;

  private SamplingJson() {}

  /// What all servers call alike.
  static void put(ObjectNode json, SamplingParams sampling) {
    json.put("temperature", sampling.temperature());
    json.put("top_p", sampling.truncation().topP());
    json.put("top_k", sampling.truncation().topK() == 0 ? -1 : sampling.truncation().topK());
    json.put("n", sampling.n());
    ArrayNode stop = json.putArray("stop");
    sampling.stop().texts().forEach(stop::add);
  }

  static void putBans(ObjectNode json, SamplingParams sampling) {
    if (!sampling.truncation().suppressed().isEmpty()) {
      ObjectNode bias = json.putObject("logit_bias");
      sampling.truncation().suppressed().forEach(id -> bias.put(Integer.toString(id), BANNED));
    }
  }

  /// A seed for a prompt of a call: prompts of other indexes are drawn in another way.
  static long seed(EngineServer.Asked asked) {
    return KeyedRandom.bits(asked.sampling().seed(), "prompt-" + asked.index(), 0) >>> 1;
  }
}
