package dev.burnish.bench;

import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.algorithm.advantage.Advantages;
import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.learn.PolicyLearner;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.observe.Benchmark.Options;
import dev.burnish.observe.Measurement;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// GRPO steps: samples of some prompts, then one update from them.
///
/// @param newTokens of every sample
/// @param shared whether the samples of a prompt share it in training; otherwise each has its own
/// @param runs timed steps, after one that is not
record GrpoWorkload(
    Options options, int prompts, int samples, int newTokens, boolean shared, int runs)
    implements Workload {
  @Override
  public Figures measure() {
    Map<String, List<Double>> values = new TreeMap<>();
    OptimizerConfig optimizer = OptimizerConfig.defaults().withLr(1e-6);
    try (Subject subject = Subject.load(options, prompts * (runs + 1));
        LocalTrainer trainer = new LocalTrainer(subject.model().decoder(), optimizer, runs + 1)) {
      BatchGenerator generator = new BatchGenerator(subject.model(), PromptEncoder.tokensOnly());
      PolicyLearner learner = new PolicyLearner(trainer, SurrogateLoss.dapo());
      double promptTokens = 0;
      for (int step = 0; step <= runs; step++) {
        List<Prompt> batch =
            GenerateWorkload.prompts(subject, step * prompts, (step + 1) * prompts);
        SamplingParams params =
            GenerateWorkload.sampling(subject, samples, newTokens)
                .withSeed(KeyedRandom.bits(1, "bench", step));
        long start = System.nanoTime();
        List<Group> groups = generator.generateAll(batch, params);
        List<ScoredGroup> scored = score(groups);
        long generated = System.nanoTime();
        learner.step(scored);
        long end = System.nanoTime();
        if (step > 0) {
          promptTokens += groups.stream().mapToInt(group -> group.prompt().length).sum();
          add(values, "generation", (generated - start) / 1e9);
          add(values, "training", (end - generated) / 1e9);
          add(values, "step", (end - start) / 1e9);
          add(values, "sgemm", Sgemm.sample(options.scale()));
        }
      }
      Memory.peakGigabytes().ifPresent(peak -> values.put("peak", List.of(peak)));
      addFloors(subject.model().decoder().shape(), subject, promptTokens / runs, values);
      return new Figures(subject.label(), values);
    }
  }

  private static void add(Map<String, List<Double>> values, String name, double value) {
    values.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
  }

  /// Every second sample is right, so that every one has an advantage.
  private List<ScoredGroup> score(List<Group> groups) {
    double[] rewards = new double[samples];
    for (int i = 0; i < samples; i += 2) {
      rewards[i] = 1;
    }
    double[] advantages = Advantages.grpo(rewards);
    List<ScoredGroup> scored = new ArrayList<>();
    for (Group group : groups) {
      Problem problem = new Problem("", "", scored.size());
      ScoredGroup together = ScoredGroup.of(problem, group, rewards, advantages);
      if (shared) {
        scored.add(together);
      } else {
        together.episodes().forEach(episode -> scored.add(alone(episode, scored.size())));
      }
    }
    return scored;
  }

  /// The same episode with a first token of its own, since common beginnings of sequences are
  /// shared.
  private static ScoredGroup alone(Episode episode, int first) {
    int[] prompt = episode.prompt().clone();
    prompt[0] = first;
    Completion completion = episode.sampled().getFirst().completion();
    Episode apart = Episode.singleTurn(prompt, completion, episode.reward(), episode.advantage());
    return new ScoredGroup(new Problem("", "", first), List.of(apart));
  }

  /// Seconds that the matrix products take at the speed of the best one: every token once through
  /// the blocks, the head where a token is drawn or predicted.
  private void addFloors(
      DecoderShape shape, Subject subject, double promptTokens, Map<String, List<Double>> values) {
    double sgemm = Measurement.median(values.getOrDefault("sgemm", List.of()));
    double head = (double) shape.vocabulary() * shape.hidden();
    double tables = shape.head() == HeadKind.TIED ? head : 2 * head;
    double blocks = subject.model().decoder().numParameters() - tables;
    double targets = (double) prompts * samples * newTokens;
    double forward = 2 * (blocks * (promptTokens + targets) + head * targets);
    values.put("generation floor", List.of(forward / sgemm));
    values.put("training floor", List.of(3 * forward / sgemm));
  }
}
