package dev.burnish.rollout;

/// The class of a request to a generator: of those that wait, a class that comes first here is
/// served first, and loses its cache last. One that has waited for too long
/// (`EngineSettings.longestWait`) is served as if it were of the first class. For speed alone:
/// tokens do not depend on it.
public enum Priority {
  /// Somebody reads the answer as it comes.
  INTERACTIVE(0),
  /// A run waits for its result.
  EVALUATION(1),
  /// Samples to train on.
  TRAINING(2);

  private final int rank;

  Priority(int rank) {
    this.rank = rank;
  }

  /// The place of the class: 0 is served first.
  public int rank() {
    return rank;
  }

  /// The class of a rank. Lower ones than there are belong to the first, higher ones to the last.
  public static Priority ofRank(int rank) {
    if (rank <= INTERACTIVE.rank) {
      return INTERACTIVE;
    }
    return rank == EVALUATION.rank ? EVALUATION : TRAINING;
  }
}
