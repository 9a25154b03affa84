package dev.burnish.cli;

import dev.burnish.Pretrained;
import dev.burnish.engine.EngineSettings;
import dev.burnish.kernel.WeightFormat;
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

  @Option(
      names = "--weights",
      paramLabel = "FORMAT",
      defaultValue = "f32",
      converter = WeightFormats.class,
      description =
          "Compute with matrices in ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if not given."
              + " Smaller ones are faster, and change probabilities: see docs/serve.md.",
      completionCandidates = WeightFormats.class)
  private WeightFormat weights = WeightFormat.F32;

  /// How the matrices are kept.
  WeightFormat weights() {
    return weights;
  }

  /// Settings of an engine over the model.
  EngineSettings engine() {
    return EngineSettings.defaults().withWeights(weights);
  }

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
