package dev.burnish.engine.draft;

/// How often guesses were right, as a share of how often counts promised it, by the length of the
/// text that they were guessed from. Recent ones count more.
final class Acceptance {
  private static final int LENGTHS = 12;
  private static final double KEPT = 0.99;

  private final double[] right = new double[LENGTHS + 1];
  private final double[] promised = new double[LENGTHS + 1];

  Acceptance() {
    for (int length = 0; length <= LENGTHS; length++) {
      // To begin with, longer texts are trusted more; worth a few observations.
      promised[length] = 4;
      right[length] = 4 * length / (length + 3.0);
    }
  }

  /// @param share that the counts gave the guess
  void observe(int length, double share, boolean accepted) {
    int at = Math.min(length, LENGTHS);
    promised[at] = KEPT * promised[at] + share;
    right[at] = KEPT * right[at] + (accepted ? 1 : 0);
  }

  /// The share of what counts promise that is kept.
  double rate(int length) {
    int at = Math.min(length, LENGTHS);
    return Math.min(1, right[at] / promised[at]);
  }
}
