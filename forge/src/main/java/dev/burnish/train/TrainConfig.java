package dev.burnish.train;

/// How a script's trainer works, among the script's settings.
public record TrainConfig(MemoryConfig memory, HealthConfig health) {
  public static TrainConfig defaults() {
    return new TrainConfig(MemoryConfig.defaults(), HealthConfig.defaults());
  }

  public TrainConfig withMemory(MemoryConfig value) {
    return new TrainConfig(value, health);
  }

  public TrainConfig withHealth(HealthConfig value) {
    return new TrainConfig(memory, value);
  }

  /// What a trainer takes, with as many activations kept as the memory allows.
  public TrainerOptions options() {
    return TrainerOptions.defaults().withMemory(memory).withHealth(health);
  }
}
