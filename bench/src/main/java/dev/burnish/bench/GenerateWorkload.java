package dev.burnish.bench;

import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.observe.Benchmark.Options;
import dev.burnish.rollout.Prompt;
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
  /// Prompts whose first tokens are timed.
  static final int FIRST_TOKENS = 5;

  @Override
  public Figures measure() {
    Map<String, List<Double>> values = new TreeMap<>();
    int most = sequences.stream().mapToInt(Integer::intValue).max().orElseThrow();
    try (Subject subject = Subject.load(options, most + 2 * FIRST_TOKENS)) {
      BatchGenerator generator = new BatchGenerator(subject.model(), PromptEncoder.tokensOnly());
      SamplingParams params = sampling(subject, 1, newTokens);
      List<Double> sgemm = new ArrayList<>();
      List<Double> bandwidth = new ArrayList<>();
      for (int count : sequences) {
        List<Prompt> prompts = prompts(subject, 0, count);
        values.put(
            "seconds " + count,
            Timing.seconds(1, runs, () -> generator.generateAll(prompts, params)));
        sgemm.add(Sgemm.sample(options.scale()));
        bandwidth.add(Bandwidth.floor(options.scale()));
      }
      values.put("parameters", List.of((double) subject.model().decoder().numParameters()));
      values.put("sgemm", sgemm);
      values.put("bandwidth", bandwidth);
      try (QueuedGenerator served =
          QueuedGenerator.over(
              subject.model(), PromptEncoder.tokensOnly(), EngineSettings.defaults())) {
        FirstToken first = new FirstToken(served, subject);
        values.put("first token alone", first.seconds(0, most));
        values.put("first token among", first.seconds(most, most + FIRST_TOKENS));
      }
      return new Figures(subject.label(), values);
    }
  }

  /// The prompts `[from, to)` of the subject.
  static List<Prompt> prompts(Subject subject, int from, int to) {
    return subject.prompts().subList(from, to).stream().map(Prompt::tokens).toList();
  }

  /// Sampling that never ends before the last token.
  static SamplingParams sampling(Subject subject, int samples, int newTokens) {
    return SamplingParams.defaults()
        .withN(samples)
        .withMaxTokens(newTokens)
        .withSuppressed(Arrays.stream(subject.model().endTokens()).boxed().toList())
        .withSeed(1);
  }
}
