package dev.burnish.algorithm.preference;

/// Summed log-probabilities of preference pairs, one entry a pair.
///
/// @param chosenLengths targets of each chosen response; only length-normalised losses read them
@SuppressWarnings("ArrayRecordComponent") // a view of the trainer's arrays; never compared
public record PairBatch(
    double[] chosenLogp,
    double[] rejectedLogp,
    double[] refChosenLogp,
    double[] refRejectedLogp,
    int[] chosenLengths,
    int[] rejectedLengths) {
  public PairBatch {
    int pairs = chosenLogp.length;
    if (rejectedLogp.length != pairs
        || refChosenLogp.length != pairs
        || refRejectedLogp.length != pairs
        || chosenLengths.length != pairs
        || rejectedLengths.length != pairs) {
      throw new IllegalArgumentException(
          "every array has one entry a pair: chosen=%d rejected=%d refChosen=%d refRejected=%d lengths=%d,%d"
              .formatted(
                  pairs,
                  rejectedLogp.length,
                  refChosenLogp.length,
                  refRejectedLogp.length,
                  chosenLengths.length,
                  rejectedLengths.length));
    }
  }

  public int size() {
    return chosenLogp.length;
  }

  /// How much more the policy prefers the chosen response than the reference does.
  public double margin(int pair) {
    return chosenLogp[pair] - refChosenLogp[pair] - (rejectedLogp[pair] - refRejectedLogp[pair]);
  }

  /// [#margin] of mean log-probabilities of tokens.
  public double normalizedMargin(int pair) {
    return (chosenLogp[pair] - refChosenLogp[pair]) / Math.max(1, chosenLengths[pair])
        - (rejectedLogp[pair] - refRejectedLogp[pair]) / Math.max(1, rejectedLengths[pair]);
  }
}
