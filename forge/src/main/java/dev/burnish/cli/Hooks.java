package dev.burnish.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/// What the commands call: the one place where they meet models and numbers.
@SuppressWarnings("DoNotCallSuggester") // until models are connected
final class Hooks {
  private Hooks() {}

  /// Receives what a model generates, piece by piece. Called by one thread.
  interface Output {
    /// The next piece of text of completion `index`.
    void text(int index, String piece);

    /// Completion `index` has ended, by `stop` or `length`.
    void finished(int index, String reason, int numTokens);
  }

  /// One check of `burnish verify`.
  ///
  /// @param detail the largest difference, or what differed first
  record Verified(String name, boolean passed, String detail) {}

  /// What is to be compared with a file.
  enum Subject {
    MODEL,
    TEMPLATES,
    LOSSES,
    TRAINING
  }

  static void generate(GenerateOptions options, Output output) {
    throw new UnsupportedOperationException("HOOK generate " + options.model() + output);
  }

  static void convert(Path gguf, Path folder) {
    throw new UnsupportedOperationException("HOOK convert " + gguf + folder);
  }

  static List<Verified> verify(Subject subject, Path model, Path expected) {
    throw new UnsupportedOperationException("HOOK verify " + subject + model + expected);
  }

  /// The single-precision matrix product of this process in GFLOP/s, if it can be measured.
  static OptionalDouble sgemmGflops() {
    return OptionalDouble.empty(); // HOOK sgemm
  }
}
