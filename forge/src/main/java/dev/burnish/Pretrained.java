package dev.burnish;

import dev.burnish.concurrent.Stop;
import dev.burnish.data.ExampleEncoder;
import dev.burnish.data.TextConfig;
import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.gguf.GgufConverter;
import dev.burnish.hub.HubOptions;
import dev.burnish.hub.ModelSource;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import dev.burnish.text.TokenizerFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A published model with everything that came with it.
///
/// @param sampling what `generation_config.json` asks for; where it is silent, the defaults of
///   transformers: without `do_sample` greedy, with it from the 50 most likely tokens
/// @param unusedDefaults settings of that file that may change what is generated and are not known
///   here, as `key=value`
public record Pretrained(
    LanguageModel model,
    Tokenizer tokenizer,
    Optional<ChatTemplate> template,
    SamplingParams sampling,
    List<String> unusedDefaults)
    implements AutoCloseable {
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
    LanguageModel model = LanguageModel.load(path).withSource(name);
    try {
      GenerationDefaults defaults = GenerationDefaults.of(model.generationConfig());
      return new Pretrained(
          model,
          Tokenizer.of(files),
          ChatTemplate.of(files),
          defaults.sampling(),
          defaults.unused());
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /// A small model with random weights that knows the tokens of a tokenizer, for a script that can
  /// also begin from a published one.
  ///
  /// @throws IllegalArgumentException if the tokenizer has no end token
  public static Pretrained untrained(Tokenizer tokenizer, long seed) {
    int end =
        tokenizer
            .endId()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "a tokenizer must have an end token: vocabularySize=%d; completions never end without"
                        .formatted(tokenizer.vocabularySize())));
    LlamaConfig config = LlamaConfig.small(tokenizer.vocabularySize(), end);
    LanguageModel model = LanguageModel.random(config.toJson(), seed);
    return new Pretrained(model, tokenizer, Optional.empty(), SamplingParams.defaults(), List.of());
  }

  /// The encoder that turns prompts into tokens for this model.
  public PromptEncoder prompts() {
    return new PromptEncoder(Optional.of(tokenizer), template);
  }

  /// A generator of this model, for texts, chats and token ids.
  public BatchGenerator generator() {
    return new BatchGenerator(model, prompts());
  }

  /// The encoder that turns examples into tokens for this model.
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
