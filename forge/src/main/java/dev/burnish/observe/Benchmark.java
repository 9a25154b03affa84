package dev.burnish.observe;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// A benchmark of `./burnish bench`. Found as a service of this type
/// (`META-INF/services/dev.burnish.observe.Benchmark`).
public interface Benchmark {
  /// The extent of the measurement.
  enum Scale {
    /// The scale of figures that are quoted.
    FULL,
    /// Enough to see that everything runs, in seconds.
    TINY
  }

  /// Inputs of the measurement.
  ///
  /// @param model a folder in Hugging Face layout; empty: random weights
  /// @param gsm8k a JSONL file of GSM8K rows to take text and prompts from; empty: made-up ones
  /// @param soak for how long the soak benchmark watches for growth
  record Options(Optional<Path> model, Optional<Path> gsm8k, Scale scale, Duration soak) {
    /// With a soak of ten minutes.
    public Options(Optional<Path> model, Optional<Path> gsm8k, Scale scale) {
      this(model, gsm8k, scale, Duration.ofMinutes(10));
    }
  }

  /// The word that selects it on the command line.
  String name();

  /// Measures, together with a floor or a rival in the same run, and reports each figure at once.
  ///
  /// @throws java.util.concurrent.CancellationException if the user ended it early
  void run(Options options, Consumer<Measurement> out);
}
