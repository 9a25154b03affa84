package dev.burnish.train;

import dev.burnish.nn.TargetLoss;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.train.objective.MetricSum;
import java.util.List;

/// A micro-batch in the process that computes it: its loss is code.
///
/// @param ids what its tokens were made from
record Work(TokenForest forest, Targets targets, List<String> ids, TargetLoss loss) {
  static List<Work> of(List<MicroBatch> batch, MetricSum metrics) {
    return batch.stream()
        .map(micro -> of(micro.tokens(), micro.objective().loss(metrics)))
        .toList();
  }

  static Work of(PackedTokens tokens, TargetLoss loss) {
    return new Work(tokens.forest(), tokens.targets(), tokens.ids(), loss);
  }

  /// What all of it was made from.
  static List<String> ids(List<Work> work) {
    return work.stream().flatMap(one -> one.ids().stream()).toList();
  }
}
