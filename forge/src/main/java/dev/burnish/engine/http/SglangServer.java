package dev.burnish.engine.http;

import dev.burnish.rollout.Completion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// SGLang, by its own `/generate`.
///
/// Source of its forms: `docs/basic_usage/sampling_params.md` and
/// `docs/advanced_features/sglang_for_rl.md` of SGLang.
final class SglangServer implements EngineServer {
  private final JsonCaller caller;
  private final ServerSettings settings;
  private final Duration limit;

  SglangServer(JsonCaller caller, ServerSettings settings) {
    this.caller = caller;
    this.settings = settings;
    this.limit = Duration.ofNanos((long) (settings.seconds() * 1e9));
  }

  @Override
  public List<Completion> complete(Asked asked) {
    JsonNode answer = caller.post("/generate", request(asked), limit);
    List<JsonNode> choices = new ArrayList<>();
    if (answer.isArray()) {
      answer.forEach(choices::add);
    } else {
      choices.add(answer);
    }
    if (choices.size() != asked.sampling().n()) {
      throw new ServerFailed(
          "a server must give n=%d completions: completions=%d"
              .formatted(asked.sampling().n(), choices.size()));
    }
    return choices.stream().map(choice -> completion(choice, asked.version())).toList();
  }

  /// Each entry of `output_token_logprobs` is `[logprob, id, text]`.
  private static Completion completion(JsonNode choice, long version) {
    JsonNode meta = choice.path("meta_info");
    ArrayNode ids = JsonMapper.shared().createArrayNode();
    ArrayNode logprobs = JsonMapper.shared().createArrayNode();
    for (JsonNode entry : meta.path("output_token_logprobs")) {
      logprobs.add(entry.path(0));
      ids.add(entry.path(1));
    }
    return Answers.completion(
        ids,
        logprobs,
        version,
        choice.path("text").asString(""),
        meta.at("/finish_reason/type").asString(""));
  }

  private ObjectNode request(Asked asked) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    for (int id : asked.prompt()) {
      json.withArray("input_ids").add(id);
    }
    ObjectNode sampling = json.putObject("sampling_params");
    SamplingJson.put(sampling, asked.sampling());
    SamplingJson.require(asked.sampling().tokens().allowed().isEmpty(), "allowed tokens");
    sampling.put("min_new_tokens", asked.sampling().stop().minTokens());
    sampling.put("max_new_tokens", asked.sampling().maxTokens());
    if (settings.seeds() == ServerSettings.Seeds.EACH) {
      sampling.put("sampling_seed", SamplingJson.seed(asked) & Integer.MAX_VALUE);
    }
    json.put("return_logprob", true);
    return json;
  }

  @Override
  public void load(Path folder, long version) {
    ObjectNode pause = JsonMapper.shared().createObjectNode();
    pause.put("mode", "retract");
    caller.post("/pause_generation", pause, limit);
    ObjectNode update = JsonMapper.shared().createObjectNode();
    update.put("model_path", folder.toString());
    update.put("weight_version", Long.toString(version));
    update.put("flush_cache", true);
    try {
      JsonNode answer = caller.post("/update_weights_from_disk", update, limit);
      if (!answer.path("success").asBoolean(false)) {
        throw new ServerFailed(
            "a server failed to load weights: version=%d folder=%s answer=%s"
                .formatted(version, folder, answer));
      }
    } catch (IllegalArgumentException e) { // refused: nothing was touched
      resume();
      throw e;
    }
    resume();
  }

  private void resume() {
    caller.post("/continue_generation", JsonMapper.shared().createObjectNode(), limit);
  }

  @Override
  public void close() {
    caller.close();
  }
}
