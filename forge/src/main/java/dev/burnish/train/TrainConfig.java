package dev.burnish.train;

import dev.burnish.nn.ActivationPolicy;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Settings of a script's trainer, among the script's settings.
///
/// @param recompute whose activations are computed again in the backward instead of kept
///   (activation checkpointing): `auto` for as many blocks as do not fit in memory, `none`, `all`,
///   or `every:K` for every K-th block. It changes memory and time, never a number
public record TrainConfig(MemoryConfig memory, HealthConfig health, String recompute) {
  private static final Pattern EVERY = Pattern.compile("every:([1-9][0-9]{0,5})");

  /// @throws IllegalArgumentException if `recompute` is none of these
  public TrainConfig {
    policy(recompute);
  }

  public static TrainConfig defaults() {
    return new TrainConfig(MemoryConfig.defaults(), HealthConfig.defaults(), "auto");
  }

  public TrainConfig withMemory(MemoryConfig value) {
    return new TrainConfig(value, health, recompute);
  }

  public TrainConfig withHealth(HealthConfig value) {
    return new TrainConfig(memory, value, recompute);
  }

  public TrainConfig withRecompute(String value) {
    return new TrainConfig(memory, health, value);
  }

  /// The trainer's options from these settings.
  public TrainerOptions options() {
    return new TrainerOptions(memory, health, policy(recompute));
  }

  private static Optional<ActivationPolicy> policy(String recompute) {
    Matcher every = EVERY.matcher(recompute);
    return switch (recompute) {
      case "auto" -> Optional.empty();
      case "none" -> Optional.of(ActivationPolicy.keepAll());
      case "all" -> Optional.of(ActivationPolicy.recomputeAll());
      case String _ when every.matches() ->
          Optional.of(ActivationPolicy.recomputeEvery(Integer.parseInt(every.group(1))));
      default ->
          throw new IllegalArgumentException(
              "train.recompute is auto, none, all or every:K: recompute=%s; every:2 computes each second block again"
                  .formatted(recompute));
    };
  }
}
