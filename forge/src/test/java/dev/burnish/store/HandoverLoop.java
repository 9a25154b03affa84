package dev.burnish.store;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.launch.Resources;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.RestartPolicy;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import java.time.Duration;
import java.util.List;

/// A trainer, a store and a generator, and the keeper in this process.
final class HandoverLoop implements AutoCloseable {
  private static final ServiceOptions ONE =
      replicas(1)
          .within(Duration.ofMinutes(2))
          .restart(
              new RestartPolicy.Backoff(
                  Duration.ofMillis(1), Duration.ofMillis(10), 1000, Duration.ofMinutes(1)));

  /// A process with the kernels, which pack weights.
  static final Resources COMPUTE = Resources.compute(1, 256);

  final Job job;
  final OwnedService<WeightStore> store;
  final OwnedService<Sides.Trainer> trainer;
  final OwnedService<Sides.Generator> generator;
  final WeightKeeper keeper;

  HandoverLoop(Processes kind) {
    job = Job.start(JobOptions.named("handover").with(kind));
    job.onUnhandled(_ -> {});
    store = Service.start(job.hosts(), "weights", WeightStore.class, Sides.MortalStore::new, ONE);
    trainer =
        Service.start(
            job.hosts(),
            "trainer",
            Sides.Trainer.class,
            Sides.TrainerActor::new,
            ONE.process(COMPUTE));
    Service<WeightStore> weights = store;
    generator =
        Service.start(
            job.hosts(),
            "generator",
            Sides.Generator.class,
            Sides.GeneratorActor::new,
            weights,
            ONE.process(COMPUTE));
    keeper = new WeightKeeper(store);
  }

  void publish(long version) {
    keeper.publish(trainer.route().publish(version));
  }

  void take(long version) {
    assertThat(generator.route().take(version)).isEqualTo(values(version));
  }

  static List<Float> values(long version) {
    return List.of(Models.value(version, 0), Models.value(version, 2));
  }

  /// Publishes, takes over, drops what is older.
  void step(long version) {
    publish(version);
    take(version);
    keeper.retain("policy", version);
  }

  /// Checks that the kept version has the digests that any publisher gives it.
  void requireUndisturbed(long version) {
    try (Published here = Models.published("policy", version);
        Published there = keeper.get("policy", version)) {
      here.requireSame(there.manifest());
    }
  }

  @Override
  public void close() {
    keeper.close();
    job.close();
  }
}
