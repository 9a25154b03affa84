package dev.burnish.controller;

import dev.burnish.controller.worker.TrainerSpec;
import dev.burnish.link.Region;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.FlatLayout;
import dev.burnish.rl.loop.RolloutSettings;
import dev.burnish.run.TrainedModel;
import dev.burnish.tensor.LargeMemory;
import dev.burnish.train.Checkpointed;
import dev.burnish.train.SharedTrainer;
import dev.burnish.train.TrainerMemory;
import dev.burnish.train.checkpoint.Snapshot;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Makes a loop whose parts are in processes, in the order that a resume needs: the memory of the
/// trainer, in which a checkpoint may be restored, then the processes.
///
/// Takes the policy's model over: it is closed when the parts have its weights.
public final class LoopBuilder implements AutoCloseable {
  private final LoopHome home;
  private final LoopSettings settings;
  private final LoopPlan plan;
  private final TrainedModel policy;
  private final Region memory;
  private final TrainerMemory shared;
  private final LoopState state;
  private final LanguageModel trained;

  /// Allocates the memory of the trainer, with the weights as they are now.
  public LoopBuilder(LoopHome home, LoopSettings settings, LoopPlan plan, TrainedModel policy) {
    this.home = home;
    this.settings = settings;
    this.plan = plan;
    this.policy = policy;
    RolloutSettings ignored = settings.rollouts(plan.prompts(), plan.steps(), plan.seed());
    LanguageModel model = policy.model();
    List<FlatLayout> layouts = model.decoder().trainedWeights().layouts();
    memory = Region.allocateShared(TrainerMemory.bytes(layouts, plan.optimizer()));
    shared =
        TrainerMemory.create(memory.segment(), model.decoder().trainedWeights(), plan.optimizer());
    state = new LoopState(new SharedTrainer(shared), layouts);
    boolean adapted = model.decoder().lora().adapts();
    trained =
        adapted
            ? model.over(model.decoder().weights(), Optional.of(shared.weights()))
            : model.over(shared.weights(), Optional.empty());
  }

  /// The trainer as checkpoints see it. A checkpoint is restored before [#start].
  public Checkpointed state() {
    return state;
  }

  /// The model over the weights that the trainer changes.
  public LanguageModel trained() {
    return trained;
  }

  /// Starts the processes.
  ///
  /// @return the loop, to be closed before this
  public TrainingLoop start() {
    ProcessPlan processes = ProcessPlan.of(settings, policy.model());
    TrainingLoop.Recorded recorded = TrainingLoop.Recorded.open(home.folder());
    TrainerSpec spec =
        TrainerSpec.of(policy.model().spec(), plan.optimizer(), plan.totalUpdates(), plan.train());
    keepBeginning();
    recorded.steps().begun(spec, policy.model().source().orElse(""), state.stepsDone());
    ProcessParts parts =
        new ProcessParts(
            home,
            settings,
            processes,
            new ProcessParts.Material(plan, policy, spec, memory, state, recorded.steps()));
    long version = home.completed();
    List<Long> digests = parts.publish(version, Math.max(0, version - settings.maxStaleness()));
    recorded.steps().published(version, digests);
    home.say(processes.title());
    home.say(parts.processes());
    TrainingLoop loop = new TrainingLoop(home, settings, plan, recorded, parts);
    if (!policy.model().decoder().lora().adapts()) {
      policy.model().close(); // its weights are in the memory of the trainer
      LargeMemory.trim();
    }
    return loop;
  }

  /// Keeps the state of a run that begins, if it is small, so that it can be replayed from there.
  private void keepBeginning() {
    if (home.completed() > 0) {
      return;
    }
    if (memory.size() > ReplayStart.MOST_KEPT) {
      home.say(
          "the state of the beginning is too large to be kept (%d MB): burnish replay begins at the first checkpoint"
              .formatted(memory.size() >> 20));
      return;
    }
    Snapshot.write(
        home.folder().resolve(ReplayStart.BEGINNING),
        0,
        state.freeze(),
        Map.of(Checkpointed.SECTION, state.state()));
  }

  /// Frees the memory of the trainer, after the loop is closed.
  @Override
  public void close() {
    try (memory;
        shared;
        state) {
      trained.close();
    }
  }
}
