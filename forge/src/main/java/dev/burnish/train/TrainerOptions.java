package dev.burnish.train;

import dev.burnish.nn.ActivationPolicy;
import java.util.Optional;

/// Options of how a trainer works, apart from what it computes.
///
/// @param policy which activations are kept; empty: as many as the memory allows
public record TrainerOptions(
    MemoryConfig memory, HealthConfig health, Optional<ActivationPolicy> policy) {
  public static TrainerOptions defaults() {
    return new TrainerOptions(MemoryConfig.defaults(), HealthConfig.defaults(), Optional.empty());
  }

  public TrainerOptions withMemory(MemoryConfig value) {
    return new TrainerOptions(value, health, policy);
  }

  public TrainerOptions withHealth(HealthConfig value) {
    return new TrainerOptions(memory, value, policy);
  }

  public TrainerOptions withPolicy(ActivationPolicy value) {
    return new TrainerOptions(memory, health, Optional.of(value));
  }
}
