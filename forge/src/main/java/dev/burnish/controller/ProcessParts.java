package dev.burnish.controller;

import dev.burnish.actor.Factory;
import dev.burnish.controller.worker.GeneratorActor;
import dev.burnish.controller.worker.GeneratorSpec;
import dev.burnish.controller.worker.GeneratorWorker;
import dev.burnish.controller.worker.Opened;
import dev.burnish.controller.worker.TrainerActor;
import dev.burnish.controller.worker.TrainerSpec;
import dev.burnish.controller.worker.TrainerWorker;
import dev.burnish.controller.worker.WeightSets;
import dev.burnish.engine.EngineSettings;
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
import dev.burnish.run.TrainedModel;
import dev.burnish.service.Outcome;
import dev.burnish.service.OwnedService;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// The parts of a loop in processes of their own. Whatever must survive one of them, this process
/// holds: the memory that the trainer works on, and every version of the weights.
final class ProcessParts implements LoopParts {
  /// No call of a loop is late by itself: rollouts have deadlines of their own, and a step takes as
  /// long as it takes. A process that is lost or stopped fails its calls much earlier.
  private static final Duration LIMIT = Duration.ofDays(7);

  static final Duration START = Duration.ofMinutes(10);
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
  private final Opened open = new Opened();
  private final Map<String, OwnedService<?>> named = new LinkedHashMap<>();

  /// The material of the parts.
  ///
  /// @param memory that the trainer works on
  /// @param state the same as checkpoints see it
  record Material(
      LoopPlan plan,
      TrainedModel policy,
      TrainerSpec trainer,
      Region memory,
      LoopState state,
      StepRecording recording) {}

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
            "weights",
            Service.start(
                hosts, "weights", WeightStore.class, MemoryWeightStore::new, options("weights")));
    keeper = open.add(new WeightKeeper(store));
    trainer =
        keep(
            "trainer",
            Service.start(
                hosts,
                "trainer",
                TrainerActor.class,
                (Factory.Of3<TrainerActor, TrainerSpec, Region, Service<WeightStore>>)
                    TrainerWorker::new,
                List.of(material.trainer(), material.memory(), store),
                options("trainer")));
    GeneratorSpec generated =
        new GeneratorSpec(
            model.spec(),
            material.policy().tokenizer().files().contents(),
            EngineSettings.defaults(),
            settings.server());
    generators =
        keep(
            "generator",
            Service.start(
                hosts,
                "generator",
                GeneratorActor.class,
                (Factory.Of2<GeneratorActor, GeneratorSpec, Service<WeightStore>>)
                    GeneratorWorker::new,
                List.of(generated, store),
                options("generator").concurrency(CALLS)));
    RolloutSettings rollouts = settings.rollouts(what.prompts(), what.steps(), what.seed());
    buffer =
        keep(
            "buffer",
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

  private <T> OwnedService<T> keep(String role, OwnedService<T> started) {
    named.put(role, started);
    return open.add(started);
  }

  private ServiceOptions options(String role) {
    ProcessPlan.Role each = plan.role(role);
    return ServiceOptions.replicas(each.count())
        .process(each.each())
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

  /// The versions that are kept, without the newest.
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
  public ReferenceModel reference(Supplier<LanguageModel> first) {
    boolean below = model.decoder().lora().adapts() && !model.decoder().lora().goesOn();
    if (!below) {
      try (LanguageModel frozen = first.get()) {
        publishOnly(WeightSets.REFERENCE, frozen.decoder().weights());
      }
    }
    TrainerActor actor = trainer.route();
    return actor::referenceLogprobs;
  }

  @Override
  public List<Long> publish(long version, long oldest) {
    keeper.publish(trainer.route().publish(version));
    keeper.retain(WeightSets.POLICY, oldest);
    if (settings.mode() == RolloutSettings.Mode.CONTINUOUS) {
      generators.update("weights", generator -> generator.updateWeights(version));
    }
    return digests(version);
  }

  @Override
  public List<Long> digests(long version) {
    try (Published published = keeper.get(WeightSets.POLICY, version)) {
      return published.manifest().digests();
    }
  }

  @Override
  public void report(LoopHome home) {
    generators.gatherPartial(GeneratorActor::activity).stream()
        .flatMap(outcome -> values(outcome).stream())
        .reduce(GeneratorActivity::with)
        .ifPresent(home::record);
  }

  private static <T> Optional<T> values(Outcome<T> outcome) {
    return outcome instanceof Outcome.Value<T>(int _, T value)
        ? Optional.of(value)
        : Optional.empty();
  }

  /// The processes as people know them, once all are up: a line each.
  String processes() {
    StringBuilder lines = new StringBuilder();
    named.forEach((name, service) -> {
      ProcessPlan.Role role = plan.role(name);
      service.awaitHealthy(role.count(), START);
      lines.append(role.processes(service::pids)).append('\n');
    });
    return lines.toString().stripTrailing();
  }

  @Override
  public void close() {
    open.close();
  }
}
