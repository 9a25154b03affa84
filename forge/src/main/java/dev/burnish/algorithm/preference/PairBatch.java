package dev.burnish.algorithm.preference;

/// Summed log-probabilities of preference pairs, one entry per pair.
///
/// @param chosenLengths targets of each chosen response; only length-normalised losses read them
@SuppressWarnings("ArrayRecordComponent") // a view of the trainer's arrays; never compared
public record PairBatch(
    double[] chosenLogprobs,
    double[] rejectedLogprobs,
    double[] refChosenLogprobs,
    double[] refRejectedLogprobs,
    int[] chosenLengths,
    int[] rejectedLengths) {
  public PairBatch {
    int pairs = chosenLogprobs.length;
    if (rejectedLogprobs.length != pairs
        || refChosenLogprobs.length != pairs
        || refRejectedLogprobs.length != pairs
        || chosenLengths.length != pairs
        || rejectedLengths.length != pairs) {
      throw new IllegalArgumentException(
          "every array has one entry a pair: chosen=%d rejected=%d refChosen=%d refRejected=%d lengths=%d,%d"
              .formatted(
                  pairs,
                  rejectedLogprobs.length,
                  refChosenLogprobs.length,
                  refRejectedLogprobs.length,
                  chosenLengths.length,
                  rejectedLengths.length));
    }
  }

  public int size() {
    return chosenLogprobs.length;
  }

  /// How much more the policy prefers the chosen response than the reference does.
  public double margin(int pair) {
    return chosenLogprobs[pair]
        - refChosenLogprobs[pair]
        - (rejectedLogprobs[pair] - refRejectedLogprobs[pair]);
  }

  /// [#margin] of mean log-probabilities of tokens.
  public double normalizedMargin(int pair) {
    return (chosenLogprobs[pair] - refChosenLogprobs[pair]) / Math.max(1, chosenLengths[pair])
        - (rejectedLogprobs[pair] - refRejectedLogprobs[pair]) / Math.max(1, rejectedLengths[pair]);
  }
}
