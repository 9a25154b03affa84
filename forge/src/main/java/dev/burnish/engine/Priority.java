package dev.burnish.engine;

/// The class of a request: of those that wait, a class that comes first here is served first, and
/// loses its cache last. A request that has waited for [EngineSettings#longestWait] is served as if
/// it were of the first class.
public enum Priority {
  /// Somebody reads the answer as it comes.
  INTERACTIVE,
  /// A run waits for its result.
  EVALUATION,
  /// Samples to train on.
  TRAINING
}
