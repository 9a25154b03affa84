package dev.burnish.controller.worker;

import dev.burnish.model.ModelSpec;
import dev.burnish.train.HealthConfig;
import dev.burnish.train.MemoryConfig;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainConfig;
import java.nio.file.Path;

/// The material of the process of a trainer, except the memory that it works on.
///
/// @param totalSteps that the schedule of the learning rate runs over
/// @param recompute as of [TrainConfig]
public record TrainerSpec(
    ModelSpec model,
    OptimizerConfig optimizer,
    long totalSteps,
    Memory memory,
    HealthConfig health,
    String recompute) {
  /// The fields of a [MemoryConfig] that a trainer over shared memory knows: its state is there.
  ///
  /// @param folder of activations that memory has no room for
  public record Memory(long budget, MemoryConfig.Activations activations, String folder) {}

  public static TrainerSpec of(
      ModelSpec model, OptimizerConfig optimizer, long totalSteps, TrainConfig train) {
    MemoryConfig memory = train.memory();
    return new TrainerSpec(
        model,
        optimizer,
        totalSteps,
        new Memory(memory.budget(), memory.activations(), memory.folder().toString()),
        train.health(),
        train.recompute());
  }

  /// The settings that they were made from; nothing of the state goes to a file.
  public TrainConfig train() {
    return new TrainConfig(
        new MemoryConfig(
            memory.budget(),
            MemoryConfig.Offload.NEVER,
            Path.of(memory.folder()),
            memory.activations()),
        health,
        recompute);
  }
}
