package dev.burnish.bench;

import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.learn.PolicyLearner;
import dev.burnish.learn.PolicyReport;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.observe.Benchmark.Options;
import dev.burnish.observe.Benchmark.Scale;
import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.Segment.Given;
import dev.burnish.rollout.Segment.Sampled;
import dev.burnish.rollout.Segment.Source;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// Updates from one conversation whose template leaves out the thoughts of earlier turns: as one
/// episode of branches, and as peers train it, a sample per turn with everything before it.
///
/// @param turns of each conversation that is measured
/// @param runs timed updates of each kind, by turns
record TurnsWorkload(Options options, List<Integer> turns, int runs) implements Workload {
  private static final int OPENING = 32;
  private static final int THOUGHT = 24;
  private static final int ANSWER = 8;
  private static final int REPLY = 8;

  @Override
  public Figures measure() {
    Map<String, List<Double>> values = new TreeMap<>();
    LlamaConfig config =
        switch (options.scale()) {
          case FULL -> new LlamaConfig(4096, 256, 768, 6, 8, 4, 4096, 10_000, 0.05, 2);
          case TINY -> new LlamaConfig(64, 32, 64, 2, 4, 2, 4096, 10_000, 0.2, 2);
        };
    OptimizerConfig optimizer = OptimizerConfig.defaults().withLr(1e-6);
    int steps = 2 * turns.size() * (runs + 1);
    try (LanguageModel model = LanguageModel.random(config.toJson(), 1);
        LocalTrainer trainer = new LocalTrainer(model.decoder(), optimizer, steps)) {
      PolicyLearner learner = new PolicyLearner(trainer, SurrogateLoss.dapo());
      for (int count : turns) {
        List<Branch> branches = branches(count, config.vocabulary());
        List<ScoredGroup> forest = List.of(group(0, branches));
        List<ScoredGroup> apart = apart(branches);
        for (int run = 0; run <= runs; run++) {
          double shared = seconds(learner, forest);
          double repeated = seconds(learner, apart);
          if (run > 0) {
            values.computeIfAbsent("forest " + count, _ -> new ArrayList<>()).add(shared);
            values.computeIfAbsent("apart " + count, _ -> new ArrayList<>()).add(repeated);
          }
        }
        values.put("tokens " + count, List.of(tokens(learner.step(forest))));
        values.put("tokens apart " + count, List.of(tokens(learner.step(apart))));
      }
    }
    String label = options.scale() == Scale.TINY ? "tiny" : "%d layers of %d".formatted(6, 256);
    return new Figures(label, values);
  }

  private static double seconds(PolicyLearner learner, List<ScoredGroup> groups) {
    return Timing.seconds(0, 1, () -> learner.step(groups)).getFirst();
  }

  private static double tokens(PolicyReport report) {
    return report.step().tokens();
  }

  private static List<Branch> branches(int turns, int vocabulary) {
    RandomGenerator random = KeyedRandom.of(1, "turns", turns);
    List<Branch> branches = new ArrayList<>();
    int[] history = ids(random, OPENING, vocabulary);
    for (int turn = 0; turn < turns; turn++) {
      int[] said = ids(random, THOUGHT + ANSWER, vocabulary);
      branches.add(
          new Branch(List.of(new Given(Source.PROMPT, history), Sampled.of(completion(said), 1))));
      int[] next = Arrays.copyOf(history, history.length + ANSWER + REPLY);
      System.arraycopy(said, THOUGHT, next, history.length, ANSWER);
      System.arraycopy(ids(random, REPLY, vocabulary), 0, next, history.length + ANSWER, REPLY);
      history = next;
    }
    return branches;
  }

  private static int[] ids(RandomGenerator random, int count, int vocabulary) {
    return random.ints(count, Math.min(64, vocabulary / 2), vocabulary).toArray();
  }

  private static Completion completion(int[] tokens) {
    return new Completion(
        tokens,
        new float[tokens.length],
        TokenVersions.of(0, tokens.length),
        "",
        FinishReason.STOP);
  }

  private static ScoredGroup group(int index, List<Branch> branches) {
    return new ScoredGroup(new Problem("", "", index), List.of(new Episode(branches, 1)));
  }

  /// Each turn by itself, with a first token of its own: common beginnings would be shared.
  private static List<ScoredGroup> apart(List<Branch> branches) {
    List<ScoredGroup> groups = new ArrayList<>();
    for (Branch branch : branches) {
      int[] prompt = branch.prompt().clone();
      prompt[0] = groups.size();
      groups.add(
          group(
              groups.size(),
              List.of(
                  new Branch(
                      List.of(new Given(Source.PROMPT, prompt), branch.segments().getLast())))));
    }
    return groups;
  }
}
