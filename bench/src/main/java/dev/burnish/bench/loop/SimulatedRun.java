package dev.burnish.bench.loop;

import dev.burnish.actor.Factory;
import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.launch.Resources;
import dev.burnish.learn.PolicyLearner;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.Job;
import dev.burnish.rl.journal.EpisodeJournal;
import dev.burnish.rl.loop.RolloutSettings;
import dev.burnish.rl.loop.Rollouts;
import dev.burnish.rl.loop.Slot;
import dev.burnish.rl.replay.BufferConfig;
import dev.burnish.rl.replay.MemoryBuffer;
import dev.burnish.rl.replay.ReplayBuffer;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// The controller's side of a run one step ahead: rollouts, buffer, journal, packing of batches and
/// their division among the ranks of a trainer, over simulated parts.
final class SimulatedRun implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(5);
  private static final int PROMPT_TOKENS = 100;

  private final Extent extent;
  private final int steps;
  private final OwnedService<Generator> generators;
  private final OwnedService<ReplayBuffer> buffer;
  private final ActorMesh<SimulatedTrainer> trainer;
  private final Path file;

  /// The size of a run.
  ///
  /// @param generators each of `generatorRanks`
  /// @param groups per step, each of `samples` of `tokens`
  /// @param stepTime of the trainer, and of a group
  record Extent(
      int generators,
      int generatorRanks,
      int trainerRanks,
      int groups,
      int samples,
      int tokens,
      Duration stepTime) {
    String words() {
      return "%d generators of %d ranks, a trainer of %d, %d groups of %dx%d a step"
          .formatted(generators, generatorRanks, trainerRanks, groups, samples, tokens);
    }
  }

  /// Is told what each step cost this process.
  interface Costs {
    void add(double cpuSeconds, double seconds);
  }

  SimulatedRun(Job job, Extent extent, int steps) throws IOException {
    this.extent = extent;
    this.steps = steps;
    long nanos = extent.stepTime().toNanos();
    ServiceOptions many =
        ServiceOptions.replicas(extent.generators())
            .procs(extent.generatorRanks())
            .concurrency(extent.groups());
    generators =
        Service.start(
            job.hosts(),
            "generator",
            Generator.class,
            (Factory.Of1<Generator, Long>) SimulatedGenerator::new,
            nanos,
            many);
    buffer =
        Service.start(
            job.hosts(),
            "buffer",
            ReplayBuffer.class,
            (Factory.Of1<ReplayBuffer, BufferConfig>) MemoryBuffer::new,
            settings().buffer(),
            ServiceOptions.replicas(1).concurrency(2 * extent.groups()));
    trainer =
        job.hosts()
            .spawnProcs("trainer", Map.of("procs", extent.trainerRanks()), _ -> Resources.light())
            .spawn("trainer", SimulatedTrainer.class, SimulatedTrainer.Actor::new, nanos);
    generators.awaitHealthy(extent.generators(), START);
    buffer.awaitHealthy(1, START);
    trainer.await(START);
    file = Files.createTempFile("burnish-controller", ".bin");
  }

  private RolloutSettings settings() {
    return RolloutSettings.fixedLag(extent.groups(), 1, steps, 1);
  }

  /// Trains all steps.
  ///
  /// @param warm steps whose cost is not told
  void train(int warm, Costs costs) throws InterruptedException {
    Generator policy = generators.route();
    PolicyLearner learner = new PolicyLearner(new DividingTrainer(trainer), SurrogateLoss.dapo());
    try (EpisodeJournal journal = EpisodeJournal.open(file);
        Rollouts rollouts =
            Rollouts.of(settings(), buffer.route(), journal, slot -> rollout(policy, slot))) {
      var _ = rollouts.published(0, List.of());
      for (long version = 0; version < steps; version++) {
        double cpu = ControllerBenchmark.cpuSeconds();
        long start = System.nanoTime();
        var _ = learner.step(rollouts.take(version).groups());
        var _ = rollouts.published(version + 1, List.of());
        if (version >= warm) {
          costs.add(ControllerBenchmark.cpuSeconds() - cpu, (System.nanoTime() - start) / 1e9);
        }
      }
    }
  }

  private ScoredGroup rollout(Generator policy, Slot slot) {
    int[] prompt = new int[PROMPT_TOKENS];
    prompt[0] = Math.toIntExact(slot.position());
    SamplingParams sampling =
        SamplingParams.defaults().withN(extent.samples()).withMaxTokens(extent.tokens());
    Problem problem = new Problem("", "", slot.position());
    return slot.sample(policy, problem, Prompt.tokens(prompt), sampling)
        .score((_, _, _) -> 0, SimulatedRun::advantages);
  }

  private static double[] advantages(double[] rewards) {
    return IntStream.range(0, rewards.length).mapToDouble(i -> i % 2 == 0 ? 1 : -1).toArray();
  }

  @Override
  public void close() {
    try (buffer;
        generators) {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove file=" + file, e);
    }
  }
}
