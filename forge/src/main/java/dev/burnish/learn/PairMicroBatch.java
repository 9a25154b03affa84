package dev.burnish.learn;

import dev.burnish.algorithm.preference.PairBatch;
import dev.burnish.data.PreferencePair;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.train.PackedTokens;
import java.util.List;

/// Pairs that go through the model together: each prompt is a node with the two answers below it,
/// so it is computed once. The targets are those of the chosen and the rejected answer of each pair
/// in turn.
///
/// @param ends index after the last target of each answer, chosen and rejected in turn
@SuppressWarnings("ArrayRecordComponent") // never leaves the package
record PairMicroBatch(List<PreferencePair> pairs, PackedTokens packed, int[] ends) {
  static PairMicroBatch of(List<PreferencePair> pairs) {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    int[] ends = new int[2 * pairs.size()];
    for (int i = 0; i < pairs.size(); i++) {
      PreferencePair pair = pairs.get(i);
      int prompt = forest.add(TokenForest.ROOT, pair.prompt());
      targets.addNode(forest, forest.add(prompt, pair.chosen()), 0);
      ends[2 * i] = targets.size();
      targets.addNode(forest, forest.add(prompt, pair.rejected()), 0);
      ends[2 * i + 1] = targets.size();
    }
    List<String> ids = pairs.stream().map(PreferencePair::id).toList();
    return new PairMicroBatch(pairs, new PackedTokens(forest, targets, ids), ends);
  }

  int numPairs() {
    return pairs.size();
  }

  /// The answers' log-probabilities, summed from those of the targets, together with the
  /// reference's.
  PairBatch batch(float[] logprobs, double[] referenceChosen, double[] referenceRejected) {
    return new PairBatch(
        sums(logprobs, 0),
        sums(logprobs, 1),
        referenceChosen,
        referenceRejected,
        lengths(0),
        lengths(1));
  }

  /// Of each pair's answer the sum of its targets.
  ///
  /// @param which 0 for chosen, 1 for rejected
  double[] sums(float[] logprobs, int which) {
    double[] sums = new double[numPairs()];
    for (int pair = 0; pair < sums.length; pair++) {
      for (int i = start(2 * pair + which); i < ends[2 * pair + which]; i++) {
        sums[pair] += logprobs[i];
      }
    }
    return sums;
  }

  private int[] lengths(int which) {
    int[] lengths = new int[numPairs()];
    for (int pair = 0; pair < lengths.length; pair++) {
      lengths[pair] = ends[2 * pair + which] - start(2 * pair + which);
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
