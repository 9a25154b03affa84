package dev.burnish.engine.http;

import dev.burnish.rollout.Completion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// vLLM and `burnish serve`, by `/v1/completions` with token ids.
///
/// Source of vLLM's forms: `vllm/entrypoints/openai/completion/protocol.py`,
/// `vllm/entrypoints/serve/dev/rlhf/api_router.py` and "Layerwise weight reloading" of its docs.
final class CompletionsServer implements EngineServer {
  private final JsonCaller caller;
  private final ServerSettings settings;
  private final Duration limit;

  CompletionsServer(JsonCaller caller, ServerSettings settings) {
    this.caller = caller;
    this.settings = settings;
    this.limit = Duration.ofNanos((long) (settings.seconds() * 1e9));
  }

  @Override
  public List<Completion> complete(Asked asked) {
    JsonNode answer = caller.post("/v1/completions", request(asked), limit);
    List<JsonNode> choices = new ArrayList<>();
    answer.path("choices").forEach(choices::add);
    if (choices.size() != asked.sampling().n()) {
      throw new ServerFailed(
          "a server must give n=%d choices: choices=%d"
              .formatted(asked.sampling().n(), choices.size()));
    }
    choices.sort(Comparator.comparingInt(choice -> choice.path("index").asInt(0)));
    return choices.stream()
        .map(choice ->
            Answers.completion(
                choice.path("token_ids"),
                choice.at("/logprobs/token_logprobs"),
                asked.version(),
                choice.path("text").asString(""),
                choice.path("finish_reason").asString("")))
        .toList();
  }

  private ObjectNode request(Asked asked) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    if (!settings.model().isEmpty()) {
      json.put("model", settings.model());
    }
    for (int id : asked.prompt()) {
      json.withArray("prompt").add(id);
    }
    SamplingJson.put(json, asked.sampling());
    json.put("min_tokens", asked.sampling().stop().minTokens());
    if (!asked.sampling().tokens().allowed().isEmpty()) {
      asked.sampling().tokens().allowed().forEach(json.putArray("allowed_token_ids")::add);
    }
    json.put("max_tokens", asked.sampling().maxTokens());
    json.put("logprobs", 0);
    json.put("return_token_ids", true);
    json.put("return_tokens_as_token_ids", true);
    if (settings.kind() == ServerSettings.Kind.BURNISH) {
      json.put("seed", asked.sampling().seed());
      json.put("prompt_index", asked.index());
      json.put("priority", asked.sampling().priority().rank());
    } else if (settings.seeds() == ServerSettings.Seeds.EACH) {
      json.put("seed", SamplingJson.seed(asked));
    }
    return json;
  }

  /// vLLM reads the folder into the model that it has, and forgets the keys of the weights before.
  @Override
  public void load(Path folder, long version) {
    if (settings.kind() == ServerSettings.Kind.BURNISH) {
      throw new IllegalArgumentException(
          "burnish serve keeps the weights that it was started with: version=%d; use it for a policy that is not trained"
              .formatted(version));
    }
    ObjectNode nothing = JsonMapper.shared().createObjectNode();
    caller.post("/pause?mode=wait", nothing, limit);
    ObjectNode reload = JsonMapper.shared().createObjectNode();
    reload.put("method", "reload_weights");
    reload.putObject("kwargs").put("weights_path", folder.toString());
    try {
      caller.post("/collective_rpc", reload, limit);
      caller.post("/reset_prefix_cache", nothing, limit);
    } catch (IllegalArgumentException e) { // refused: nothing was touched
      caller.post("/resume", nothing, limit);
      throw e;
    }
    caller.post("/resume", nothing, limit);
  }

  @Override
  public void close() {
    caller.close();
  }
}
