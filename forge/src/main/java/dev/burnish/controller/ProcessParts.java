package dev.burnish.controller;

import dev.burnish.actor.Factory;
import dev.burnish.engine.BatchGenerator.Limits;
import dev.burnish.engine.GeneratorActivity;
import dev.burnish.link.Region;
import dev.burnish.mesh.HostMesh;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Weights;
import dev.burnish.rl.loop.RolloutSettings;
import dev.burnish.rl.replay.BufferConfig;
import dev.burnish.rl.replay.MemoryBuffer;
import dev.burnish.rl.replay.ReplayBuffer;
import dev.burnish.rollout.Generator;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Outcome;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import dev.burnish.service.routing.Queueing.Overflow;
import dev.burnish.store.MemoryWeightStore;
import dev.burnish.store.Published;
import dev.burnish.store.WeightKeeper;
import dev.burnish.store.WeightPublisher;
import dev.burnish.store.WeightStore;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.Trainer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The parts of a loop in processes of their own. Whatever must survive one of them, this process
/// holds: the memory that the trainer works on, and every version of the weights.
final class ProcessParts implements LoopParts {
  /// No call of a loop is late by itself: rollouts have deadlines of their own, and a step takes as
  /// long as it takes. A process that is lost or stopped fails its calls much earlier.
  private static final Duration LIMIT = Duration.ofDays(7);

  private static final int CALLS = 1 << 16;
  private static final int RETRIES = 20;

  private final LoopSettings settings;
  private final ProcessPlan plan;
  private final HostMesh hosts;
  private final LanguageModel model;
  private final LoopState state;
  private final WeightKeeper keeper;
  private final OwnedService<TrainerActor> trainer;
  private final OwnedService<GeneratorActor> generators;
  private final OwnedService<ReplayBuffer> buffer;
  private final StepRecording recording;
  private final List<AutoCloseable> open = new ArrayList<>();

  /// What the parts are made from.
  ///
  /// @param memory of the trainer
  /// @param state the same as checkpoints see it
  record Material(
      LoopPlan plan, PolicyModel policy, Region memory, LoopState state, StepRecording recording) {}

  ProcessParts(LoopHome home, LoopSettings settings, ProcessPlan plan, Material material) {
    this.settings = settings;
    this.plan = plan;
    this.hosts = home.hosts();
    this.model = material.policy().model();
    this.state = material.state();
    this.recording = material.recording();
    LoopPlan what = material.plan();
    OwnedService<WeightStore> store =
        keep(
            Service.start(
                hosts, "weights", WeightStore.class, MemoryWeightStore::new, options("weights")));
    keeper = keep(new WeightKeeper(store));
    TrainerSpec trained =
        TrainerSpec.of(model.spec(), what.optimizer(), what.steps(), what.train());
    trainer =
        keep(
            Service.start(
                hosts,
                "trainer",
                TrainerActor.class,
                (Factory.Of3<TrainerActor, TrainerSpec, Region, Service<WeightStore>>)
                    TrainerWorker::new,
                List.of(trained, material.memory(), store),
                options("trainer")));
    GeneratorSpec generated =
        new GeneratorSpec(
            model.spec(), material.policy().tokenizer().files().contents(), Limits.defaults());
    generators =
        keep(
            Service.start(
                hosts,
                "generator",
                GeneratorActor.class,
                (Factory.Of2<GeneratorActor, GeneratorSpec, Service<WeightStore>>)
                    GeneratorWorker::new,
                List.of(generated, store),
                options("generator").concurrency(CALLS)));
    RolloutSettings rollouts = settings.rollouts(what.groups(), what.steps(), what.seed());
    buffer =
        keep(
            Service.start(
                hosts,
                "buffer",
                ReplayBuffer.class,
                (Factory.Of1<ReplayBuffer, BufferConfig>) MemoryBuffer::new,
                List.of(rollouts.buffer()),
                options("buffer").concurrency(CALLS)));
    publishFirst();
    state.olderFrom(this::older);
  }

  private <T extends AutoCloseable> T keep(T opened) {
    open.add(opened);
    return opened;
  }

  private ServiceOptions options(String role) {
    ProcessPlan.Role each = plan.role(role);
    return ServiceOptions.replicas(each.count())
        .process(each.resources())
        .queue(CALLS, Overflow.WAIT)
        .retries(RETRIES)
        .within(LIMIT);
  }

  private void publishFirst() {
    if (model.decoder().lora().adapts()) {
      publishOnly(WeightSets.BASE, model.decoder().weights());
    }
    state.restored().forEach(keeper::publish);
  }

  private void publishOnly(String set, Weights weights) {
    try (WeightPublisher publisher = new WeightPublisher(set)) {
      weights.publish(WeightSets.ONLY);
      keeper.publish(publisher.publish(weights));
    }
  }

  /// The versions that are kept but for the newest.
  private List<Published> older() {
    List<Long> versions = keeper.versions(WeightSets.POLICY);
    return versions.subList(0, Math.max(0, versions.size() - 1)).stream()
        .map(version -> keeper.get(WeightSets.POLICY, version))
        .toList();
  }

  @Override
  public Trainer trainer() {
    return new RemoteTrainer(trainer.route(), state, recording);
  }

  @Override
  public Generator generator() {
    return generators.route();
  }

  @Override
  public ReplayBuffer buffer() {
    return buffer.route();
  }

  @Override
  public ReferenceModel reference(PolicyReference first) {
    boolean below = model.decoder().lora().adapts() && !model.decoder().lora().goesOn();
    if (!below) {
      try (LanguageModel frozen = first.open()) {
        publishOnly(WeightSets.REFERENCE, frozen.decoder().weights());
      }
    }
    TrainerActor actor = trainer.route();
    return actor::referenceLogprobs;
  }

  @Override
  public <T> T replicas(String name, Class<T> type, Factory.Of0<? extends T> factory) {
    ServiceOptions options =
        ServiceOptions.replicas(Math.max(1, settings.rewardReplicas()))
            .queue(CALLS, Overflow.WAIT)
            .retries(RETRIES);
    return keep(Service.start(hosts, name, type, factory, options)).route();
  }

  @Override
  public List<Long> publish(long version, long oldest) {
    keeper.publish(trainer.route().publish(version));
    keeper.retain(WeightSets.POLICY, oldest);
    if (settings.mode() == RolloutSettings.Mode.CONTINUOUS) {
      generators.update("weights", generator -> generator.updateWeights(version));
    }
    try (Published published = keeper.get(WeightSets.POLICY, version)) {
      return published.manifest().digests();
    }
  }

  @Override
  public void report(LoopHome home) {
    generators.gatherPartial(GeneratorActor::activity).stream()
        .flatMap(outcome -> outcome instanceof Outcome.Success<GeneratorActivity> done
            ? java.util.stream.Stream.of(done.value())
            : java.util.stream.Stream.empty())
        .forEach(home::record);
  }

  @Override
  public void close() {
    for (AutoCloseable each : open.reversed()) {
      try {
        each.close();
      } catch (Exception e) {
        throw new IllegalStateException("a part of the loop must close: " + e, e);
      }
    }
  }
}
