package dev.burnish.store;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.RestartPolicy;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Versions from a trainer through a keeper and a store to a generator, each in a process of its
/// own, which die wherever they can.
class HandoverTest {
  private static final ServiceOptions ONE =
      replicas(1)
          .within(Duration.ofMinutes(2))
          .restart(
              new RestartPolicy.Backoff(
                  Duration.ofMillis(1), Duration.ofMillis(10), 1000, Duration.ofMinutes(1)));

  /// Parts with values; the one without is written once.
  private static final int PARTS = 2;

  private Job job = Job.start(JobOptions.named("none").with(Processes.THREADS));
  private OwnedService<WeightStore> store = stores();
  private OwnedService<Sides.Trainer> trainer = trainers();
  private OwnedService<Sides.Generator> generator = generators();
  private WeightKeeper keeper = new WeightKeeper(store);

  private OwnedService<WeightStore> stores() {
    return Service.start(job.hosts(), "weights", WeightStore.class, Sides.MortalStore::new, ONE);
  }

  private OwnedService<Sides.Trainer> trainers() {
    return Service.start(job.hosts(), "trainer", Sides.Trainer.class, Sides.TrainerActor::new, ONE);
  }

  private OwnedService<Sides.Generator> generators() {
    Service<WeightStore> weights = store;
    return Service.start(
        job.hosts(), "generator", Sides.Generator.class, Sides.GeneratorActor::new, weights, ONE);
  }

  private void inProcesses() {
    close();
    job = Job.start(JobOptions.named("handover"));
    store = stores();
    trainer = trainers();
    generator = generators();
    keeper = new WeightKeeper(store);
  }

  @AfterEach
  void close() {
    keeper.close();
    job.close();
  }

  /// One step of a loop: publish, take over, drop what is older.
  private void step(long version) {
    keeper.publish(trainer.route().publish(version));
    assertThat(generator.route().take(version)).isEqualTo(values(version));
    keeper.retain("policy", version);
  }

  private static List<Float> values(long version) {
    return List.of(Models.value(version, 0), Models.value(version, 2));
  }

  @ParameterizedTest
  @EnumSource(Processes.class)
  void aVersionIsTheSameHoweverTheSidesRun(Processes kind) {
    if (kind == Processes.JVMS) {
      inProcesses();
    }
    step(1);
    keeper.publish(trainer.route().publish(2));
    try (Published here = Models.published("policy", 2);
        Published there = keeper.get("policy", 2)) {
      here.requireSame(there.manifest());
    }
    assertThat(keeper.versions("policy")).containsExactly(1L, 2L);
    assertThatThrownBy(() -> generator.route().take(7))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("version=7 versions=[1, 2]");
    assertThat(generator.route().serving()).isEqualTo(1);
  }

  @Test
  void aTrainerThatDiesWhileItPublishesLeavesNothingAndItsSuccessorPublishesTheSame() {
    inProcesses();
    step(1);
    long version = 1;
    for (String point : List.of("region.allocated", "publish.part", "publish.written")) {
      version++;
      trainer.route().dieAt(point, 1);
      assertThat(keeper.versions("policy")).containsExactly(version - 1);
      step(version);
      try (Published here = Models.published("policy", version);
          Published there = keeper.get("policy", version)) {
        here.requireSame(there.manifest());
      }
    }
    assertThat(trainer.metrics().restarts()).isEqualTo(3);
  }

  @Test
  void aGeneratorThatDiesWhileItTakesOverIsReplacedByOneThatDoes() {
    inProcesses();
    keeper.publish(trainer.route().publish(1));
    for (String point : List.of("take.mapped", "take.part")) {
      generator.route().dieAt(point, 1);
      assertThat(generator.route().take(1)).isEqualTo(values(1));
    }
    assertThat(generator.metrics().restarts()).isEqualTo(2);
  }

  @Test
  void aStoreThatDiesHasAllVersionsAgainBeforeItIsAsked() {
    inProcesses();
    step(1);
    long version = 1;
    for (String point : List.of("store.publish", "store.published", "store.get")) {
      version++;
      assertThat(store.route().versions(Sides.MortalStore.DIE + point)).isEmpty();
      keeper.publish(trainer.route().publish(version));
      assertThat(generator.route().take(version)).isEqualTo(values(version));
      assertThat(generator.route().take(1)).isEqualTo(values(1));
      assertThat(store.route().versions("policy"))
          .containsExactlyElementsOf(keeper.versions("policy"));
    }
    assertThat(store.metrics().restarts()).isEqualTo(3);
  }

  /// No side may be killed such that memory stays: of 200 versions there are as many as are held,
  /// and one more that is written next.
  @Test
  void memoryOfOldVersionsIsFreedWhoeverIsKilled() throws IOException {
    inProcesses();
    for (int version = 1; version <= 200; version++) {
      switch (version) {
        case 50 -> kill(generator);
        case 90 -> kill(store);
        case 130 -> kill(trainer);
        default -> {}
      }
      step(version);
    }
    assertThat(keeper.versions("policy")).containsExactly(200L);
    assertThat(store.route().versions("policy")).containsExactly(200L);
    assertThat(regions()).hasSizeLessThanOrEqualTo(1 + 3 * PARTS);
  }

  private static void kill(OwnedService<?> service) {
    for (long pid : service.pids(0)) {
      ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
      process.destroyForcibly();
      process.onExit().join();
    }
  }

  /// The different regions that any of the processes has open.
  private Set<String> regions() throws IOException {
    Set<String> regions = new HashSet<>();
    for (OwnedService<?> service : List.of(store, trainer, generator)) {
      regions.addAll(regions(service.pids(0).getFirst()));
    }
    regions.addAll(regions(ProcessHandle.current().pid()));
    return regions;
  }

  private static Set<String> regions(long pid) throws IOException {
    Set<String> regions = new HashSet<>();
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path file : files.toList()) {
        String target = Files.isSymbolicLink(file) ? target(file) : "";
        if (target.contains("burnish-region-") || target.startsWith("/dev/shm/#")) {
          regions.add(target);
        }
      }
    }
    return regions;
  }

  private static String target(Path file) {
    try {
      return Files.readSymbolicLink(file).toString();
    } catch (IOException e) {
      return "";
    }
  }
}
