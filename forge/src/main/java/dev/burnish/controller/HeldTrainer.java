package dev.burnish.controller;

import dev.burnish.actor.Factory;
import dev.burnish.controller.recording.TrainerRole;
import dev.burnish.controller.worker.Opened;
import dev.burnish.controller.worker.TrainerActor;
import dev.burnish.controller.worker.TrainerSpec;
import dev.burnish.controller.worker.TrainerWorker;
import dev.burnish.controller.worker.WeightSets;
import dev.burnish.link.Region;
import dev.burnish.mesh.HostMesh;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Weights;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import dev.burnish.store.MappedWeights;
import dev.burnish.store.Published;
import dev.burnish.store.WeightPublisher;
import dev.burnish.store.WeightStore;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.SharedTrainer;
import dev.burnish.train.TrainerMemory;
import java.util.List;
import java.util.Optional;

/// The side of this process of a trainer that computes in another: holds the memory that it works
/// on, and the weights under an adaptation. So nothing is lost with that process.
///
/// It is made before the process is started: a checkpoint may be restored in between. One thread.
final class HeldTrainer implements AutoCloseable {
  private final TrainerRole role;
  private final TrainerSpec spec;
  private final Opened open = new Opened();
  private final Region memory;
  private final SharedTrainer state;
  private final Optional<Published> base;
  private final LanguageModel model;

  /// @param from the model as training begins with it, of no further use then
  /// @param like has parts of the same values as the weights under the adaptation
  private HeldTrainer(
      TrainerRole role, TrainerSpec spec, LanguageModel from, Optional<Published> like) {
    this.role = role;
    this.spec = spec;
    try {
      Decoder decoder = from.decoder();
      Weights trained = decoder.trainedWeights();
      long bytes = TrainerMemory.bytes(trained.layouts(), spec.optimizer());
      memory = open.add(Region.allocateShared(bytes));
      TrainerMemory shared =
          open.add(TrainerMemory.create(memory.segment(), trained, spec.optimizer()));
      state = open.add(new SharedTrainer(shared));
      base =
          decoder.lora().adapts()
              ? Optional.of(publish(role.sets().base(), decoder.weights(), like))
              : Optional.empty();
      model =
          open.add(
              base.map(under -> from.over(map(under, decoder), Optional.of(shared.weights())))
                  .orElseGet(() -> from.over(shared.weights(), Optional.empty())));
    } catch (RuntimeException | Error e) {
      open.close();
      throw e;
    }
  }

  private static Published publish(String set, Weights weights, Optional<Published> like) {
    try (WeightPublisher publisher = new WeightPublisher(set, like)) {
      weights.publish(WeightSets.ONLY);
      return publisher.publish(weights);
    }
  }

  private Weights map(Published under, Decoder decoder) {
    return open.add(MappedWeights.of(under, decoder.weights().layouts())).weights();
  }

  /// That of the policy.
  ///
  /// @param from the model as training begins with it, to be closed then
  static HeldTrainer policy(LanguageModel from, LoopPlan plan) {
    return new HeldTrainer(
        TrainerRole.POLICY, spec(from, plan.optimizer(), plan), from, Optional.empty());
  }

  /// That of a critic of this policy. Before anything is restored: it begins with the same weights.
  HeldTrainer critic(OptimizerConfig optimizer, LoopPlan plan) {
    try (LanguageModel from = model.critic(model.decoder().lora(), plan.seed())) {
      return new HeldTrainer(TrainerRole.CRITIC, spec(from, optimizer, plan), from, base);
    }
  }

  private static TrainerSpec spec(LanguageModel model, OptimizerConfig optimizer, LoopPlan plan) {
    return TrainerSpec.of(model.spec(), optimizer, plan.totalUpdates(), plan.train());
  }

  TrainerRole role() {
    return role;
  }

  TrainerSpec spec() {
    return spec;
  }

  /// The trainer as checkpoints see it.
  SharedTrainer state() {
    return state;
  }

  /// The model over the weights that the trainer changes.
  LanguageModel model() {
    return model;
  }

  /// The weights under an adaptation, to be closed by the caller.
  Optional<Published> base() {
    return base.map(Published::share);
  }

  /// Bytes of the memory that the trainer works on.
  long bytes() {
    return memory.size();
  }

  /// Starts its process.
  OwnedService<TrainerActor> start(
      HostMesh hosts, Service<WeightStore> store, ServiceOptions options) {
    return Service.start(
        hosts,
        role.process(),
        TrainerActor.class,
        (Factory.Of4<TrainerActor, TrainerSpec, WeightSets, Region, Service<WeightStore>>)
            TrainerWorker::new,
        List.of(spec, role.sets(), memory, store),
        options);
  }

  /// Frees the memory. The process, if there is one, must have ended.
  @Override
  public void close() {
    open.close();
  }
}
