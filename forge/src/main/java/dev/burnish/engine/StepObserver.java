package dev.burnish.engine;

/// Follows the steps of an engine. Called by the thread that generates, which waits for it.
@FunctionalInterface
public interface StepObserver {
  /// Does nothing.
  StepObserver NONE = _ -> {};

  /// A step that is done.
  ///
  /// @param version of the weights
  /// @param rows that the model computed
  /// @param sequences that had rows
  /// @param tokens that were drawn and kept
  /// @param seconds it took
  /// @param stats after it
  record StepReport(
      long version, int rows, int sequences, int tokens, double seconds, EngineStats stats) {}

  void step(StepReport report);
}
