package dev.burnish.bench;

import dev.burnish.Pretrained;
import dev.burnish.Run;
import dev.burnish.TrainingSettings;
import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.config.Inlined;
import dev.burnish.controller.LoopSettings;
import dev.burnish.controller.TrainingLoop;
import dev.burnish.env.SumDigitsTask;
import dev.burnish.learn.PolicyLearner;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.text.CharacterTokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Steps of the demo, from random weights, by a loop whose parts are where the settings say.
///
/// @param processes whether the parts are processes or threads
/// @param maxStaleness of the samples
/// @param prompts whose groups a step trains on
/// @param samples of each
/// @param warm steps before those that are timed
/// @param runs timed steps
public record StepWorkload(
    Processes processes, int maxStaleness, int prompts, int samples, int warm, int runs)
    implements Workload {
  /// Settings of the run.
  record Settings(@Inlined LoopSettings loop) {}

  /// The figure: seconds from the begin of a step to that of the next.
  public static final String STEP = "step";

  @Override
  public Figures measure() {
    Path folder = temporary();
    LoopSettings loop = LoopSettings.defaults().with(processes).withMaxStaleness(maxStaleness);
    try (Run<Settings> run = Run.start("bench", new Settings(loop), "--runs", folder.toString())) {
      return new Figures("demo", Map.of(STEP, train(run)));
    } finally {
      remove(folder);
    }
  }

  private List<Double> train(Run<Settings> run) {
    SumDigitsTask task = new SumDigitsTask(3, 10, 1);
    Pretrained base = Pretrained.untrained(CharacterTokenizer.of(SumDigitsTask.ALPHABET), 1);
    int steps = warm + runs;
    LoopSettings settings = run.settings().loop();
    TrainingLoop loop =
        run.loop(base, TrainingSettings.defaults().withSteps(steps), settings, prompts);
    Reward reward = run.replicas("reward", Reward.class, Reward::exact, settings.rewardReplicas());
    PolicyLearner learner = new PolicyLearner(loop.trainer(), SurrogateLoss.dapo());
    SamplingParams sampling = SamplingParams.defaults().withN(samples).withMaxTokens(4);
    loop.rollouts(slot ->
        slot.sample(loop.policy(), task.training(slot.position()), sampling)
            .score(reward, StepWorkload::advantages));
    List<Double> seconds = new ArrayList<>();
    long begin = System.nanoTime();
    for (long step : run.steps(steps)) {
      run.record(learner.step(loop.take(step).groups()));
      loop.publish(step);
      long end = System.nanoTime();
      seconds.add((end - begin) / 1e9);
      begin = end;
    }
    return seconds.subList(warm, steps);
  }

  /// Every sample has one, whatever its reward: from random weights hardly any is right.
  private static double[] advantages(double[] rewards) {
    return IntStream.range(0, rewards.length).mapToDouble(i -> i % 2 == 0 ? 1 : -1).toArray();
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("burnish-bench-runs");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a temporary folder: " + e.getMessage(), e);
    }
  }

  private static void remove(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove folder=" + folder, e);
    }
  }
}
