package dev.burnish.cli;

import dev.burnish.Pretrained;
import dev.burnish.model.PeftAdapter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The flags that name a model and an adapter of it.
final class ModelFlags {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "A folder in Hugging Face layout, a .gguf file, or hf:owner/name[@revision].")
  private String model = "";

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "A LoRA adapter of the model: adapter/ of a run, or a folder that PEFT wrote.")
  private @Nullable Path adapter;

  /// Loads the model, adapted where an adapter is named. Owned by the caller.
  ///
  /// @throws IllegalArgumentException if there is no such model, or the adapter is of another one
  Pretrained load() {
    Pretrained loaded = Pretrained.load(model);
    try {
      if (adapter != null) {
        PeftAdapter.load(loaded.model(), adapter);
      }
      return loaded;
    } catch (RuntimeException e) {
      loaded.close();
      throw e;
    }
  }
}
