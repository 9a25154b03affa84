package dev.burnish;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.LoraConfig;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainConfig;
import dev.burnish.train.checkpoint.CheckpointConfig;
import java.util.function.UnaryOperator;

/// The settings of every script that trains a published model. Inlined into a script's own record
/// their keys are `seed`, `model`, `steps`, `lora.rank`, `optimizer.lr` and so on:
///
/// ```java
/// record Settings(@Inlined TrainingSettings training, int batch) {}
/// ```
///
/// @param model a folder in Hugging Face layout, a GGUF file, or `hf:owner/name[@revision]`; empty
///   until it is set
/// @param steps from the beginning of the run
/// @param lora whether an adapter is trained instead of all weights
/// @param train memory, health and recomputation of the trainer
public record TrainingSettings(
    long seed,
    String model,
    int steps,
    LoraConfig lora,
    OptimizerConfig optimizer,
    TrainConfig train,
    CheckpointConfig checkpoints) {
  /// 100 steps of AdamW with seed 1; the model must be set.
  public static TrainingSettings defaults() {
    return new TrainingSettings(
        1,
        "",
        100,
        LoraConfig.defaults(),
        OptimizerConfig.defaults(),
        TrainConfig.defaults(),
        CheckpointConfig.defaults());
  }

  /// A trainer of a model by these settings with another optimizer.
  ///
  /// @param updatesPerStep of the run: the schedule of the learning rate runs over all of them
  LocalTrainer trainer(LanguageModel model, OptimizerConfig of, int updatesPerStep) {
    return new LocalTrainer(model.decoder(), of, (long) steps * updatesPerStep, train.options());
  }

  /// The same settings with another number of steps.
  public TrainingSettings withSteps(int value) {
    return new TrainingSettings(seed, model, value, lora, optimizer, train, checkpoints);
  }

  /// The same settings with a changed optimizer, such as `o -> o.withLr(1e-5)`.
  public TrainingSettings withOptimizer(UnaryOperator<OptimizerConfig> change) {
    return new TrainingSettings(
        seed, model, steps, lora, change.apply(optimizer), train, checkpoints);
  }
}
