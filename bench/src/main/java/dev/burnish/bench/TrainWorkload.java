package dev.burnish.bench;

import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.observe.Benchmark.Options;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.PackedTokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Supervised steps with a target at every token: forward, backward and AdamW.
///
/// @param recompute whether every block's activations are computed again for the backward
/// @param runs timed steps, after one that is not
record TrainWorkload(Options options, int rows, int length, boolean recompute, int runs)
    implements Workload {
  @Override
  public Figures measure() {
    Map<String, List<Double>> values = new TreeMap<>();
    try (Subject subject = Subject.load(options, 0);
        LocalTrainer trainer =
            new LocalTrainer(
                subject.model().decoder(),
                OptimizerConfig.defaults().withLr(1e-6),
                runs + 1,
                recompute ? ActivationPolicy.recomputeAll() : ActivationPolicy.keepAll())) {
      List<MicroBatch> batch =
          MicroBatch.ofCrossEntropy(
              List.of(batch(subject.model().decoder().shape().vocabulary(), rows, length)));
      List<Double> seconds = new ArrayList<>();
      List<Double> sgemm = new ArrayList<>();
      for (int step = 0; step <= runs; step++) {
        double time = trainer.step(batch).seconds();
        if (step > 0) {
          seconds.add(time);
          sgemm.add(Sgemm.sample(options.scale()));
        }
      }
      Memory.peakGigabytes().ifPresent(peak -> values.put("peak", List.of(peak)));
      values.put("seconds", seconds);
      values.put("parameters", List.of((double) subject.model().decoder().numParameters()));
      values.put("sgemm", sgemm);
      return new Figures(subject.label(), values);
    }
  }

  /// Rows of made-up tokens, each of which predicts the next; the last predicts another one.
  private static PackedTokens batch(int vocabulary, int rows, int length) {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    for (int[] ids : Subject.ids(rows, length + 1, vocabulary, "train")) {
      int node = forest.add(TokenForest.ROOT, Arrays.copyOf(ids, length));
      for (int i = 0; i < length; i++) {
        targets.add(forest.start(node) + i, ids[i + 1]);
      }
    }
    return new PackedTokens(forest, targets);
  }
}
