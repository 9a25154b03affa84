package dev.burnish;

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
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A published model with everything that came with it.
///
/// @param sampling the defaults of its `generation_config.json`
public record Pretrained(
    LanguageModel model,
    Tokenizer tokenizer,
    Optional<ChatTemplate> template,
    SamplingParams sampling)
    implements AutoCloseable {
  /// Loads a folder in Hugging Face layout, a GGUF file, or `hf:owner/name[@revision]`.
  public static Pretrained load(String name) {
    Path path = ModelSource.resolve(name, HubOptions.fromEnvironment());
    Map<String, byte[]> made = Files.isRegularFile(path) ? GgufConverter.sideFiles(path) : Map.of();
    TokenizerFiles files =
        made.isEmpty() ? TokenizerFiles.read(path) : new TokenizerFiles(path.toString(), made);
    LanguageModel model = LanguageModel.load(path);
    return new Pretrained(model, Tokenizer.of(files), ChatTemplate.of(files), sampling(path, made));
  }

  private static SamplingParams sampling(Path path, Map<String, byte[]> made) {
    SamplingParams params = SamplingParams.defaults();
    JsonNode json = generationConfig(path, made);
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
          "text.maxTokens is at most the model's max_position_embeddings=%d: maxTokens=%d"
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
