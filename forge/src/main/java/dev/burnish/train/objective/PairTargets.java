package dev.burnish.train.objective;

/// The places of the answers of preference pairs among the targets of a micro-batch: those of the
/// chosen and the rejected answer of each pair in turn.
///
/// @param ends index after the last target of each answer, chosen and rejected in turn
@SuppressWarnings("ArrayRecordComponent") // data on its way to a trainer; never compared
public record PairTargets(int[] ends) {
  /// An answer of a pair.
  public enum Answer {
    CHOSEN(0),
    REJECTED(1);

    private final int place;

    /// @param place among the answers of its pair
    Answer(int place) {
      this.place = place;
    }
  }

  public PairTargets {
    for (int i = 0; i < ends.length; i++) {
      if (ends[i] < (i == 0 ? 0 : ends[i - 1])) {
        throw new IllegalArgumentException(
            "ends must not fall: ends[%d]=%d; give the ends of both answers of each pair in turn"
                .formatted(i, ends[i]));
      }
    }
    if (ends.length % 2 != 0) {
      throw new IllegalArgumentException(
          "each pair must have two answers: ends.length=" + ends.length);
    }
  }

  public int numPairs() {
    return ends.length / 2;
  }

  /// The sum of the log-probabilities of the targets of each pair's answer.
  public double[] sums(float[] logprobs, Answer answer) {
    double[] sums = new double[numPairs()];
    for (int pair = 0; pair < sums.length; pair++) {
      int at = 2 * pair + answer.place;
      for (int i = start(at); i < ends[at]; i++) {
        sums[pair] += logprobs[i];
      }
    }
    return sums;
  }

  /// The number of targets of each pair's answer.
  public int[] lengths(Answer answer) {
    int[] lengths = new int[numPairs()];
    for (int pair = 0; pair < lengths.length; pair++) {
      int at = 2 * pair + answer.place;
      lengths[pair] = ends[at] - start(at);
    }
    return lengths;
  }

  private int start(int answer) {
    return answer == 0 ? 0 : ends[answer - 1];
  }

  /// Gives each target from `from` to `to` the gradient of its answer.
  void spread(double[] chosen, double[] rejected, int from, int to, float[] dLogprobs) {
    int answer = 0;
    for (int i = from; i < to; i++) {
      while (ends[answer] <= i) {
        answer++;
      }
      dLogprobs[i] = (float) (answer % 2 == 0 ? chosen : rejected)[answer / 2];
    }
  }
}
