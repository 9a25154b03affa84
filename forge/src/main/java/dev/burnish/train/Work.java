package dev.burnish.train;

import dev.burnish.nn.TargetLoss;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.train.objective.MetricSum;
import java.util.List;

/// A micro-batch in the process that computes it, where its loss is code.
///
/// @param ids the names of the sources of its tokens
record Work(TokenForest forest, Targets targets, List<String> ids, TargetLoss loss) {
  static List<Work> of(List<MicroBatch> batch, MetricSum metrics) {
    return batch.stream()
        .map(micro -> of(micro.tokens(), micro.objective().loss(metrics)))
        .toList();
  }

  static Work of(PackedTokens tokens, TargetLoss loss) {
    return new Work(tokens.forest(), tokens.targets(), tokens.ids(), loss);
  }

  /// The names of the sources of all of it.
  static List<String> ids(List<Work> work) {
    return work.stream().flatMap(one -> one.ids().stream()).toList();
  }
}
