package dev.burnish.observe;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// Something that `./burnish bench` measures. Found as a service of this type
/// (`META-INF/services/dev.burnish.observe.Benchmark`).
public interface Benchmark {
  /// How much is measured.
  enum Scale {
    /// What figures are quoted from.
    FULL,
    /// Enough to see that everything runs, in seconds.
    TINY
  }

  /// What to measure with.
  ///
  /// @param model a folder in Hugging Face layout; empty: random weights
  /// @param gsm8k a JSONL file of GSM8K rows to take text and prompts from; empty: made-up ones
  /// @param soak for how long it is looked whether something grows
  record Options(Optional<Path> model, Optional<Path> gsm8k, Scale scale, Duration soak) {
    /// With ten minutes of looking whether something grows.
    public Options(Optional<Path> model, Optional<Path> gsm8k, Scale scale) {
      this(model, gsm8k, scale, Duration.ofMinutes(10));
    }
  }

  /// The word that selects it on the command line.
  String name();

  /// Measures, beside a floor or a rival measured in the same run, and tells of each figure at
  /// once.
  ///
  /// @throws java.util.concurrent.CancellationException if it ended early because the user wished
  ///   so
  void run(Options options, Consumer<Measurement> out);
}
