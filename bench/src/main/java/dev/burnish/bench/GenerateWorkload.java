package dev.burnish.bench;

import dev.burnish.engine.BatchGenerator;
import dev.burnish.observe.Benchmark.Options;
import dev.burnish.rollout.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Batches of different prompts, each continued by the same number of tokens.
///
/// @param sequences sizes of the batches
/// @param newTokens of every sequence: the tokens that end one are never drawn
record GenerateWorkload(Options options, List<Integer> sequences, int newTokens, int runs)
    implements Workload {
  @Override
  public Figures measure() {
    Map<String, List<Double>> values = new TreeMap<>();
    int most = sequences.stream().mapToInt(Integer::intValue).max().orElseThrow();
    try (Subject subject = Subject.load(options, most);
        BatchGenerator generator = new BatchGenerator(subject.model())) {
      SamplingParams params = sampling(subject, 1, newTokens);
      List<Double> sgemm = new ArrayList<>();
      List<Double> bandwidth = new ArrayList<>();
      for (int count : sequences) {
        List<int[]> prompts = subject.prompts().subList(0, count);
        values.put(
            "seconds " + count,
            Timing.seconds(1, runs, () -> generator.generateTokens(prompts, params)));
        sgemm.add(Sgemm.sample(options.scale()));
        bandwidth.add(Bandwidth.floor(options.scale()));
      }
      values.put("parameters", List.of((double) subject.model().decoder().numParameters()));
      values.put("sgemm", sgemm);
      values.put("bandwidth", bandwidth);
      return new Figures(subject.label(), values);
    }
  }

  /// Sampling that always goes on to the last token.
  static SamplingParams sampling(Subject subject, int samples, int newTokens) {
    return new SamplingParams(
        samples,
        newTokens,
        1,
        1,
        0,
        List.of(),
        Arrays.stream(subject.model().endTokens()).boxed().toList(),
        1);
  }
}
