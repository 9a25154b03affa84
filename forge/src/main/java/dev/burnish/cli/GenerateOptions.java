package dev.burnish.cli;

import dev.burnish.rollout.SamplingParams;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// The options of `burnish generate`.
///
/// @param adapter a folder in the layout of PEFT
/// @param sampling the parameters to use, from the model's own
record GenerateOptions(
    String model,
    Optional<Path> adapter,
    String prompt,
    boolean chat,
    Optional<String> system,
    UnaryOperator<SamplingParams> sampling) {
  /// @throws IllegalArgumentException if options exclude each other
  GenerateOptions {
    if (!chat && system.isPresent()) {
      throw new IllegalArgumentException(
          "--system needs --chat: value=%s; add --chat".formatted(system.get()));
    }
  }
}
