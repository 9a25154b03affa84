package dev.burnish.run;

import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.model.PeftAdapter;
import dev.burnish.text.Tokenizer;
import java.nio.file.Path;
import java.util.Optional;

/// The model that a run trains, with its tokenizer.
public record TrainedModel(LanguageModel model, Tokenizer tokenizer) {
  /// A small model of random weights from a seed, for a tokenizer of few tokens that has an end.
  public static TrainedModel random(Tokenizer tokenizer, long seed) {
    int end = tokenizer.endId().orElseThrow();
    LlamaConfig config = LlamaConfig.small(tokenizer.vocabularySize(), end);
    return new TrainedModel(LanguageModel.random(config.toJson(), seed), tokenizer);
  }

  /// A generator of this process, by the weights that the model has at each call.
  public BatchGenerator generator() {
    return new BatchGenerator(
        model, new PromptEncoder(Optional.of(tokenizer), tokenizer.chatTemplate()));
  }

  /// Writes both to `model/` of a folder in Hugging Face layout, and an adaptation to `adapter/` in
  /// the layout of PEFT.
  public void save(Path folder) {
    model.save(folder.resolve("model"));
    tokenizer.save(folder.resolve("model"));
    if (model.decoder().lora().adapts()) {
      PeftAdapter.save(model, model.source().orElse("none"), folder.resolve("adapter"));
    }
  }
}
