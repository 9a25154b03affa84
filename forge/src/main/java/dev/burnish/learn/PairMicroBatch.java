package dev.burnish.learn;

import dev.burnish.data.PreferencePair;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.objective.PairTargets;
import java.util.List;

/// Pairs that go through the model together: each prompt is a node with the two answers below it,
/// so it is computed once. The targets are those of the chosen and the rejected answer of each pair
/// in turn.
///
/// @param targets where the answers lie among the targets
record PairMicroBatch(List<PreferencePair> pairs, PackedTokens packed, PairTargets targets) {
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
    return new PairMicroBatch(pairs, new PackedTokens(forest, targets, ids), new PairTargets(ends));
  }
}
