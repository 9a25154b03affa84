package dev.burnish.cli;

import dev.burnish.Pretrained;
import dev.burnish.engine.EngineSettings;
import dev.burnish.rollout.SamplingParams;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// The options of `burnish generate`.
///
/// @param model loads the model, which its user closes
/// @param engine settings of the generator
/// @param sampling the parameters to use, from the model's own
record GenerateOptions(
    Supplier<Pretrained> model,
    EngineSettings engine,
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
