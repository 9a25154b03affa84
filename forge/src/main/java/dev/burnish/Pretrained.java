package dev.burnish;

import dev.burnish.concurrent.Stop;
import dev.burnish.data.ExampleEncoder;
import dev.burnish.data.TextConfig;
import dev.burnish.generate.SamplingParams;
import dev.burnish.hub.HubOptions;
import dev.burnish.hub.ModelSource;
import dev.burnish.model.LanguageModel;
import dev.burnish.safetensors.GgufConverter;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import dev.burnish.text.TokenizerFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A published model with everything that came with it.
///
/// @param sampling the defaults of its `generation_config.json`
/// @param unusedDefaults settings of that file that would change how text is sampled and are not
///   known here, as `key=value`
public record Pretrained(
    LanguageModel model,
    Tokenizer tokenizer,
    Optional<ChatTemplate> template,
    SamplingParams sampling,
    List<String> unusedDefaults)
    implements AutoCloseable {
  /// Settings of sampling that are not offered, and the value at which each does nothing.
  private static final Map<String, Double> NEUTRAL =
      new TreeMap<>(
          Map.of(
              "repetition_penalty", 1.0,
              "encoder_repetition_penalty", 1.0,
              "no_repeat_ngram_size", 0.0,
              "min_p", 0.0,
              "typical_p", 1.0,
              "epsilon_cutoff", 0.0,
              "eta_cutoff", 0.0,
              "num_beams", 1.0,
              "length_penalty", 1.0,
              "min_new_tokens", 0.0));

  /// Loads a folder in Hugging Face layout, a GGUF file, or `hf:owner/name[@revision]`.
  ///
  /// @throws IllegalArgumentException if no model is named
  public static Pretrained load(String name) {
    if (name.isBlank()) {
      throw new IllegalArgumentException(
          "a model is named: model is not set; give a folder, a .gguf file or hf:owner/name with --set model=MODEL");
    }
    Path path =
        Stop.interruptibly(
            "fetch-model", () -> ModelSource.resolve(name, HubOptions.fromEnvironment()));
    Map<String, byte[]> made = Files.isRegularFile(path) ? GgufConverter.sideFiles(path) : Map.of();
    TokenizerFiles files =
        made.isEmpty() ? TokenizerFiles.read(path) : new TokenizerFiles(path.toString(), made);
    LanguageModel model = LanguageModel.load(path);
    JsonNode defaults = generationConfig(path, made);
    return new Pretrained(
        model, Tokenizer.of(files), ChatTemplate.of(files), sampling(defaults), unused(defaults));
  }

  /// What changes sampling in the original library and is not offered here, where it is in force.
  private static List<String> unused(JsonNode json) {
    return NEUTRAL.entrySet().stream()
        .filter(entry -> json.path(entry.getKey()).isNumber())
        .filter(entry -> json.path(entry.getKey()).asDouble() != entry.getValue())
        .map(entry -> entry.getKey() + "=" + json.path(entry.getKey()))
        .toList();
  }

  private static SamplingParams sampling(JsonNode json) {
    SamplingParams params = SamplingParams.defaults();
    if (!json.path("do_sample").asBoolean(true)) {
      return params.withTemperature(0);
    }
    return params
        .withTemperature(json.path("temperature").asDouble(1))
        .withTopP(json.path("top_p").asDouble(1))
        .withTopK(json.path("top_k").asInt(0));
  }

  private static JsonNode generationConfig(Path path, Map<String, byte[]> made) {
    Path file = path.resolve("generation_config.json");
    byte[] content = made.getOrDefault("generation_config.json", new byte[0]);
    try {
      if (content.length == 0 && Files.isRegularFile(file)) {
        content = Files.readAllBytes(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
    return content.length == 0
        ? JsonMapper.shared().createObjectNode()
        : JsonMapper.shared().readTree(content);
  }

  /// A user's message in the model's chat template, up to where the assistant begins.
  ///
  /// @throws IllegalArgumentException if the model has no chat template
  public String chat(ChatMessage... messages) {
    return template
        .orElseThrow(
            () -> new IllegalArgumentException("a chat needs a model with a chat template"))
        .render(List.of(messages), ChatOptions.defaults().withGenerationPrompt(true));
  }

  /// What turns examples into tokens for this model.
  ///
  /// @throws IllegalArgumentException if documents may be longer than the model
  public ExampleEncoder encoder(TextConfig text) {
    int positions = model.decoder().shape().maxPositions();
    if (text.maxTokens() > positions) {
      throw new IllegalArgumentException(
          "text.maxTokens is at most the model's max_position_embeddings=%d: maxTokens=%d; lower it with --set text.maxTokens=..."
              .formatted(positions, text.maxTokens()));
    }
    return new ExampleEncoder(tokenizer, template, text);
  }

  @Override
  public void close() {
    model.close();
    tokenizer.close();
  }
}
