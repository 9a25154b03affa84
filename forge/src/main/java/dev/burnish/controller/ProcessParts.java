package dev.burnish.controller;

import dev.burnish.actor.Factory;
import dev.burnish.controller.worker.GeneratorActor;
import dev.burnish.controller.worker.GeneratorFactory;
import dev.burnish.controller.worker.GeneratorSpec;
import dev.burnish.controller.worker.GeneratorWorker;
import dev.burnish.controller.worker.Opened;
import dev.burnish.controller.worker.TrainerActor;
import dev.burnish.controller.worker.WeightSets;
import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.GeneratorActivity;
import dev.burnish.mesh.HostMesh;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Weights;
import dev.burnish.rl.loop.RolloutSettings;
import dev.burnish.rl.replay.BufferConfig;
import dev.burnish.rl.replay.MemoryBuffer;
import dev.burnish.rl.replay.ReplayBuffer;
import dev.burnish.rollout.Generator;
import dev.burnish.service.Outcome;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import dev.burnish.service.routing.Balancing;
import dev.burnish.service.routing.Queueing.Overflow;
import dev.burnish.store.MemoryWeightStore;
import dev.burnish.store.Published;
import dev.burnish.store.WeightKeeper;
import dev.burnish.store.WeightPublisher;
import dev.burnish.store.WeightStore;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.Trainer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// The parts of a loop in processes of their own. Whatever must survive one of them, this process
/// holds: the memory that trainers work on, and every version of the weights.
final class ProcessParts implements LoopParts {
  /// No call of a loop is late by itself: rollouts have deadlines of their own, and a step takes as
  /// long as it takes. A process that is lost or stopped fails its calls much earlier.
  private static final Duration LIMIT = Duration.ofDays(7);

  static final Duration START = Duration.ofMinutes(10);
  private static final int CALLS = 1 << 16;
  private static final int RETRIES = 20;
  private static final String POLICY = WeightSets.POLICY.trained();

  private final LoopSettings settings;
  private final ProcessPlan plan;
  private final HostMesh here;
  private final LoopState state;
  private final LoraConfig lora;
  private final WeightKeeper keeper;
  private final HostCopies copies;
  private final RemoteTrainer policy;
  private final Optional<RemoteTrainer> critic;
  private final OwnedService<GeneratorActor> generators;
  private final OwnedService<ReplayBuffer> buffer;
  private final Opened open = new Opened();
  private final Map<String, OwnedService<?>> named = new LinkedHashMap<>();

  /// The material of the parts.
  ///
  /// @param state of the policy, as checkpoints see it
  /// @param generators how each is made
  record Material(
      LoopPlan plan,
      Tokenizer tokenizer,
      HeldTrainer policy,
      Optional<HeldTrainer> critic,
      LoopState state,
      GeneratorFactory generators) {}

  ProcessParts(LoopHome home, LoopSettings settings, ProcessPlan plan, Material material) {
    this.settings = settings;
    this.plan = plan;
    this.here = home.here();
    this.state = material.state();
    LanguageModel model = material.policy().model();
    this.lora = model.decoder().lora();
    LoopPlan what = material.plan();
    OwnedService<WeightStore> store =
        keep(
            "weights",
            Service.start(
                here,
                "weights",
                WeightStore.class,
                MemoryWeightStore::new,
                options("weights").concurrency(CALLS)));
    keeper = open.add(new WeightKeeper(store));
    copies =
        open.add(
            new HostCopies(
                new HostCopies.Places(home.hosts(), here),
                store,
                settings.transfer(),
                options("weights").concurrency(CALLS)));
    policy = trainer(material.policy(), store, home.folder());
    critic = material.critic().map(held -> trainer(held, store, home.folder()));
    GeneratorSpec generated =
        new GeneratorSpec(
            model.spec(),
            material.tokenizer().files().contents(),
            EngineSettings.defaults(),
            settings.server());
    generators =
        keep(
            "generator",
            Service.start(
                home.hosts(),
                "generator",
                GeneratorActor.class,
                material.generators(),
                List.of(new GeneratorWorker.Material(generated, copies.places(store))),
                options("generator").concurrency(CALLS).balancing(Balancing.STICKY_KEYS)));
    RolloutSettings rollouts = settings.rollouts(what.prompts(), what.steps(), what.seed());
    buffer =
        keep(
            "buffer",
            Service.start(
                here,
                "buffer",
                ReplayBuffer.class,
                (Factory.Of1<ReplayBuffer, BufferConfig>) MemoryBuffer::new,
                List.of(rollouts.buffer()),
                options("buffer").concurrency(CALLS)));
    material.policy().base().ifPresent(keeper::publish);
    if (lora.adapts()) {
      String packed = WeightSets.POLICY.packedBase();
      publishOnly(
          WeightPublisher.packed(packed, model.spec().packedParts()), model.decoder().weights());
    }
    material.critic().flatMap(HeldTrainer::base).ifPresent(keeper::publish);
    state.restored().forEach(keeper::publish);
    state.olderFrom(this::older);
    copies.relay();
  }

  private RemoteTrainer trainer(HeldTrainer held, OwnedService<WeightStore> store, Path folder) {
    String name = held.role().process();
    OwnedService<TrainerActor> started = keep(name, held.start(here, store, options(name)));
    return open.add(new RemoteTrainer(held, started.route(), folder));
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

  private void publishOnly(WeightPublisher only, Weights weights) {
    try (WeightPublisher publisher = only) {
      weights.publish(WeightSets.ONLY);
      keeper.publish(publisher.publish(weights));
    }
  }

  /// The versions that are kept, without the newest.
  private List<Published> older() {
    List<Long> versions = keeper.versions(POLICY);
    return versions.subList(0, Math.max(0, versions.size() - 1)).stream()
        .map(version -> keeper.get(POLICY, version))
        .toList();
  }

  @Override
  public Trainers trainers() {
    return new Trainers(policy, critic.map(Trainer.class::cast));
  }

  @Override
  public Generator generator() {
    return RoutedGenerators.of(generators);
  }

  @Override
  public ReplayBuffer buffer() {
    return buffer.route();
  }

  @Override
  public ReferenceModel reference(Supplier<LanguageModel> first) {
    if (!lora.adapts() || lora.goesOn()) {
      try (LanguageModel frozen = first.get()) {
        publishOnly(new WeightPublisher(WeightSets.REFERENCE), frozen.decoder().weights());
      }
    }
    return policy.actor()::referenceLogprobs;
  }

  @Override
  public List<Long> publish(long version, long oldest) {
    keeper.publish(policy.actor().publish(version));
    retain(oldest);
    if (settings.mode() == RolloutSettings.Mode.CONTINUOUS) {
      copies.bring(POLICY, version);
      generators.update("weights", generator -> generator.updateWeights(version));
    }
    List<Long> digests = digests(version);
    policy.published(version, digests);
    critic.ifPresent(trainer -> trainer.published(version, trainer.actor().digests()));
    return digests;
  }

  @Override
  public void retain(long oldest) {
    keeper.retain(POLICY, oldest);
  }

  @Override
  public List<Long> digests(long version) {
    try (Published published = keeper.get(POLICY, version)) {
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
    copies
        .services()
        .forEach((name, service) -> {
          service.awaitHealthy(1, START);
          lines.append(ProcessPlan.light(name, 1).processes(service::pids)).append('\n');
        });
    return lines.toString().stripTrailing();
  }

  @Override
  public void close() {
    open.close();
  }
}
