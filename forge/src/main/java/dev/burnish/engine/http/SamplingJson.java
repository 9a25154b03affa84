package dev.burnish.engine.http;

import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Structure;
import dev.burnish.tensor.KeyedRandom;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Writes the sampling of a request as servers read it. What a server has no word for is refused,
/// never left out, except the priority, on which no token depends.
final class SamplingJson {
  private static final double BANNED = -100;

  private SamplingJson() {}

  /// Writes everything that the servers call alike.
  ///
  /// @throws IllegalArgumentException if something cannot be said
  static void put(ObjectNode json, SamplingParams sampling) {
    SamplingParams.Truncation truncation = sampling.truncation();
    require(truncation.typicalP() == 1, "typicalP=" + truncation.typicalP());
    require(sampling.bestOf() == sampling.n(), "bestOf=" + sampling.bestOf());
    require(sampling.tokens().badWords().isEmpty(), "badWords");
    require(!sampling.logprobs().asked(), "logprobs of other tokens");
    require(sampling.structure() instanceof Structure.Free, "structure=" + sampling.structure());
    json.put("n", sampling.n());
    json.put("temperature", sampling.temperature());
    json.put("top_p", truncation.topP());
    json.put("top_k", truncation.topK() == 0 ? -1 : truncation.topK());
    json.put("min_p", truncation.minP());
    json.put("repetition_penalty", sampling.penalties().repetition());
    json.put("presence_penalty", sampling.penalties().presence());
    json.put("frequency_penalty", sampling.penalties().frequency());
    putBias(json, sampling.tokens());
    putStop(json, sampling.stop());
  }

  private static void putBias(ObjectNode json, SamplingParams.TokenRules tokens) {
    if (!tokens.bias().isEmpty() || !tokens.suppressed().isEmpty()) {
      ObjectNode bias = json.putObject("logit_bias");
      tokens.bias().forEach((id, value) -> bias.put(Integer.toString(id), value));
      tokens.suppressed().forEach(id -> bias.put(Integer.toString(id), BANNED));
    }
  }

  private static void putStop(ObjectNode json, SamplingParams.Stop stop) {
    ArrayNode texts = json.putArray("stop");
    stop.texts().forEach(texts::add);
    if (!stop.tokens().isEmpty()) {
      ArrayNode ids = json.putArray("stop_token_ids");
      stop.tokens().forEach(ids::add);
    }
    json.put("ignore_eos", stop.atEnd() == SamplingParams.Stop.AtEnd.CONTINUE);
  }

  /// @throws IllegalArgumentException unless that holds
  static void require(boolean canBeSaid, String what) {
    if (!canBeSaid) {
      throw new IllegalArgumentException(
          "sampling must be what the server has too: %s; leave it out, or generate without a server"
              .formatted(what));
    }
  }

  /// A seed for a prompt of a call: prompts of other indexes are drawn in another way.
  static long seed(EngineServer.Asked asked) {
    return KeyedRandom.bits(asked.sampling().seed(), "prompt-" + asked.index(), 0) >>> 1;
  }
}
