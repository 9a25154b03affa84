package dev.burnish.controller;

import dev.burnish.controller.recording.ReplayStart;
import dev.burnish.controller.worker.GeneratorFactory;
import dev.burnish.controller.worker.Opened;
import dev.burnish.rl.journal.EpisodeJournal;
import dev.burnish.rl.loop.RolloutSettings;
import dev.burnish.run.TrainedModel;
import dev.burnish.tensor.LargeMemory;
import dev.burnish.train.Checkpointed;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Makes a loop whose parts are in processes, in the order that a resume needs: the memory of the
/// trainers, in which a checkpoint may be restored, then the processes.
///
/// Takes the policy's model over: it is closed when its weights are in memory that processes share.
public final class LoopBuilder implements AutoCloseable {
  private final LoopHome home;
  private final LoopSettings settings;
  private final LoopPlan plan;
  private final TrainedModel model;
  private final Opened open = new Opened();
  private final HeldTrainer policy;
  private final Optional<HeldTrainer> critic;
  private final LoopState state;

  /// A model that the loop trains.
  ///
  /// @param name under which a run keeps it; empty for the policy
  /// @param model over the weights that its trainer changes, with its tokenizer
  /// @param state the trainer as checkpoints see it
  public record Kept(String name, TrainedModel model, Checkpointed state) {}

  /// Allocates the memory of the trainers, with the weights as they are now.
  public LoopBuilder(LoopHome home, LoopSettings settings, LoopPlan plan, TrainedModel from) {
    this.home = home;
    this.settings = settings;
    this.plan = plan;
    RolloutSettings ignored = settings.rollouts(plan.prompts(), plan.steps(), plan.seed());
    try {
      HeldTrainer trained = open.add(HeldTrainer.policy(from.model(), plan));
      from.model().close();
      critic = plan.updates().critic().map(optimizer -> open.add(trained.critic(optimizer, plan)));
      policy = trained;
    } catch (RuntimeException | Error e) {
      open.close();
      throw e;
    }
    LargeMemory.trim();
    model = new TrainedModel(policy.model(), from.tokenizer());
    state = new LoopState(policy.state(), policy.spec().model().trainedParts());
  }

  /// The models that the loop trains, that of the policy first. Checkpoints are restored before
  /// [#start].
  public List<Kept> kept() {
    List<Kept> kept = new ArrayList<>(List.of(new Kept(policy.role().owner(), model, state)));
    critic.ifPresent(held ->
        kept.add(
            new Kept(
                held.role().owner(),
                new TrainedModel(held.model(), model.tokenizer()),
                held.state())));
    return kept;
  }

  /// Starts the processes.
  ///
  /// @param generators how each generator is made
  /// @return the loop, to be closed before this
  public TrainingLoop start(GeneratorFactory generators) {
    ProcessPlan processes = ProcessPlan.of(settings, plan, model.model());
    EpisodeJournal journal = TrainingLoop.journal(home.folder());
    keepBeginning();
    ProcessParts parts =
        new ProcessParts(
            home,
            settings,
            processes,
            new ProcessParts.Material(plan, model.tokenizer(), policy, critic, state, generators));
    long version = home.completed();
    List<Long> ignored = parts.publish(version, Math.max(0, version - settings.maxStaleness()));
    home.say(processes.title());
    home.say(parts.processes());
    return new TrainingLoop(home, settings, plan, journal, parts);
  }

  private void keepBeginning() {
    if (home.completed() > 0) {
      return;
    }
    Map<String, Checkpointed> trainers = new LinkedHashMap<>();
    kept().forEach(each -> trainers.put(each.name(), each.state()));
    long bytes = policy.bytes() + critic.map(HeldTrainer::bytes).orElse(0L);
    ReplayStart.keep(home.folder(), trainers, bytes).ifPresent(home::say);
  }

  /// Frees the memory of the trainers, after the loop is closed.
  @Override
  public void close() {
    open.close();
  }
}
