package dev.burnish.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// The options of `burnish generate`.
///
/// Where temperature, top-p or top-k is not given, the model's own default applies.
///
/// @param adapter a folder in the layout of PEFT
/// @param temperature 0 takes the most likely token each time
/// @param topP the share of probability to draw from; 1 draws from all
/// @param topK how many tokens to draw from; 0 draws from all
/// @param count how many completions
record GenerateOptions(
    String model,
    Optional<Path> adapter,
    String prompt,
    boolean chat,
    Optional<String> system,
    OptionalDouble temperature,
    OptionalDouble topP,
    OptionalInt topK,
    int maxTokens,
    List<String> stop,
    OptionalLong seed,
    int count) {
  /// @throws IllegalArgumentException if a value is out of its range
  GenerateOptions {
    stop = List.copyOf(stop);
    require(
        temperature.orElse(0) >= 0,
        "--temperature is not negative",
        temperature.orElse(0),
        "0 is greedy");
    require(
        topP.orElse(1) > 0 && topP.orElse(1) <= 1,
        "--top-p is above 0 and at most 1",
        topP.orElse(1),
        "1 is off");
    require(topK.orElse(0) >= 0, "--top-k is not negative", topK.orElse(0), "0 is off");
    require(maxTokens > 0, "--max-tokens is positive", maxTokens, "such as 256");
    require(count > 0, "-n is positive", count, "such as 1");
    require(chat || system.isEmpty(), "--system needs --chat", system.orElse(""), "add --chat");
    require(stop.stream().noneMatch(String::isEmpty), "--stop is not empty", stop, "leave it out");
  }

  private static void require(boolean holds, String constraint, Object value, String cure) {
    if (!holds) {
      throw new IllegalArgumentException("%s: value=%s; %s".formatted(constraint, value, cure));
    }
  }
}
