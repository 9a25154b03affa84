package dev.burnish.controller;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.concurrent.Stop;
import dev.burnish.metrics.Recordable;
import dev.burnish.rl.journal.EpisodeJournal;
import dev.burnish.rl.loop.LoopReport;
import dev.burnish.rl.loop.RolloutFunction;
import dev.burnish.rl.loop.Rollouts;
import dev.burnish.rl.replay.Batch;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.PinnedGenerator;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.VersionRange;
import dev.burnish.run.TrainedModel;
import dev.burnish.service.OwnedService;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.Trainer;
import dev.burnish.train.checkpoint.Resumable;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Rollouts and training, synchronous or asynchronous, over parts that may be in processes of their
/// own: a trainer, generators, a replay buffer and the weights between them.
///
/// ```java
/// var loop = run.loop(base, s.training(), s.loop(), s.prompts());
/// var learner = new PolicyLearner(loop.trainer(), loss);
/// loop.rollouts(slot -> rollout(slot, loop.policy(), reward));   // from now on, in the background
/// for (long step : run.steps(s.steps())) {
///   var batch = loop.take(step);                                 // waits for the groups of the step
///   run.record(learner.step(batch.groups()));
///   loop.publish(step);                                          // generators take the weights over
/// }
/// ```
///
/// Version `v` of the weights is that after `v` steps; step `s` trains version `s - 1`. With
/// [LoopSettings#maxStaleness] 0 rollouts and training take turns; above that rollouts are ahead.
///
/// A part whose process is lost is started again and resumes where it was: the numbers of the run
/// are the same. Threading: [#policy] may be used by all threads; everything else by that of the
/// training loop.
public final class TrainingLoop implements AutoCloseable {
  private final LoopHome home;
  private final LoopSettings settings;
  private final LoopPlan plan;
  private final LoopParts parts;
  private final EpisodeJournal journal;
  private Optional<byte[]> resumed = Optional.empty();
  private Optional<Rollouts> rollouts = Optional.empty();

  TrainingLoop(
      LoopHome home,
      LoopSettings settings,
      LoopPlan plan,
      EpisodeJournal journal,
      LoopParts parts) {
    this.home = home;
    this.settings = settings;
    this.plan = plan;
    this.parts = parts;
    this.journal = journal;
  }

  /// The groups of a run, in its folder.
  static EpisodeJournal journal(Path folder) {
    return EpisodeJournal.open(folder.resolve("episodes.bin"));
  }

  /// A loop of which the first step is planned only, in this process.
  ///
  /// @param trainers plan steps
  public static TrainingLoop planned(
      LoopHome home, LoopSettings settings, LoopPlan plan, TrainedModel policy, Trainers trainers) {
    LoopParts inline =
        new InlineParts(
            trainers,
            policy,
            settings.rollouts(plan.prompts(), plan.steps(), plan.seed()).buffer());
    return new TrainingLoop(home, settings.withoutFilter(), plan, journal(home.folder()), inline);
  }

  /// The processes of a service of the script, once they are up, as the loop shows its own: a line
  /// each.
  public static String processes(String name, OwnedService<?> service, int replicas) {
    service.awaitHealthy(replicas, ProcessParts.START);
    return ProcessPlan.light(name, replicas).processes(service::pids);
  }

  /// The trainer of the policy. It publishes by [#publish].
  public Trainer trainer() {
    return parts.trainers().policy();
  }

  /// The trainer of the critic, which has a process of its own too.
  ///
  /// @throws IllegalStateException if the loop was made without one
  public Trainer critic() {
    return parts
        .trainers()
        .critic()
        .orElseThrow(() ->
            new IllegalStateException(
                "a loop must have a critic to train it: critic=none; give run.loop an optimizer for it, as Updates.of(...).withCritic(...)"));
  }

  /// The generators as one: each call goes to the one with the fewest.
  public Generator policy() {
    return parts.generator();
  }

  /// The generators with the weights after a step, to measure them. They must be published, and no
  /// older than rollouts still need.
  public Generator policy(long step) {
    return new PinnedGenerator(parts.generator(), VersionRange.exactly(step));
  }

  /// The model that the run began with, frozen; it computes in the trainer's process. To be called
  /// before the first step.
  public ReferenceModel reference() {
    return parts.reference(home::reference);
  }

  /// Begins the rollouts, which go on in the background for as long as there are steps.
  ///
  /// @param rollout makes the group of a slot, by the versions of the weights that it names; runs
  ///   on many threads at once
  /// @throws IllegalStateException if they have begun
  public void rollouts(RolloutFunction rollout) {
    if (rollouts.isPresent()) {
      throw new IllegalStateException(
          "the rollouts of a loop must begin once: completed=%d".formatted(home.completed()));
    }
    Rollouts begun =
        Rollouts.of(
            settings.rollouts(plan.prompts(), plan.steps(), plan.seed()),
            parts.buffer(),
            journal,
            rollout,
            settings.groups().filter().filter());
    rollouts = Optional.of(begun);
    resumed.ifPresent(begun::resume);
    home.say(begun.bound());
    long version = home.completed();
    Optional<LoopReport> none = begun.published(version, parts.digests(version));
    none.ifPresent(home::record);
  }

  private Rollouts begun() {
    return rollouts.orElseThrow(() ->
        new IllegalStateException(
            "a loop must have rollouts before a step takes groups: completed=%d; call rollouts(...) first"
                .formatted(home.completed())));
  }

  /// Waits for the groups of a step; the same until the step is published.
  ///
  /// @param step counted from 1
  /// @throws dev.burnish.rl.loop.RolloutsFailedException if all groups of the step failed
  /// @throws dev.burnish.concurrent.Stopped if the process was asked to end
  public Batch<ScoredGroup> take(long step) {
    Batch<ScoredGroup> batch = Stop.interruptibly("take", () -> begun().take(step - 1));
    // The groups of later steps are made by later versions: the next one is written to the memory
    // of those that are dropped here.
    parts.retain(Math.max(0, step - settings.maxStaleness()));
    return batch;
  }

  /// Publishes the weights after a step: generators take them over, and the rollouts of later steps
  /// may begin. Records what the step trained on and what each part waited for.
  public void publish(long step) {
    long start = System.nanoTime();
    List<Long> digests = parts.publish(step, Math.max(0, step - settings.maxStaleness()));
    double seconds = (System.nanoTime() - start) / 1e9;
    begun().published(step, digests).ifPresent(home::record);
    home.record(publishing(seconds));
    parts.report(home);
  }

  private static Recordable publishing(double seconds) {
    return run -> run.time("publishSeconds", seconds, LAST);
  }

  /// The state of the rollouts between two steps, for checkpoints.
  public Resumable state() {
    return Resumable.of(
        () -> rollouts.map(Rollouts::state).or(() -> resumed).orElse(new byte[0]),
        state -> resumed = Optional.of(state).filter(bytes -> bytes.length > 0));
  }

  private void end(Rollouts begun) {
    begun.close();
    home.record(LoopReport.summary(begun.funnel()));
    home.say(LoopReport.line(begun.funnel()));
  }

  /// Ends the rollouts, then the parts.
  @Override
  public void close() {
    try (journal;
        parts) {
      rollouts.ifPresent(this::end);
    }
  }
}
