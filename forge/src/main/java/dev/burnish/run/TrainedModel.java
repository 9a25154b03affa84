package dev.burnish.run;

import dev.burnish.model.LanguageModel;
import dev.burnish.model.PeftAdapter;
import dev.burnish.text.Tokenizer;
import java.nio.file.Path;

/// The model that a run trains, with its tokenizer.
public record TrainedModel(LanguageModel model, Tokenizer tokenizer) {
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
