package dev.burnish.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.testing.Signals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/// Versions from a trainer through a keeper and a store to a generator, each in a process of its
/// own, which die wherever they can. The tests share the processes, and the count of versions.
@TestInstance(Lifecycle.PER_CLASS)
class HandoverTest {
  /// Parts with values; the one without is written once.
  private static final int PARTS = 2;

  /// Regions of other tests of this process.
  private final Set<String> others = new HashSet<>();

  private HandoverLoop loop;
  private long version;

  @BeforeAll
  void start() throws IOException {
    others.addAll(regions(ProcessHandle.current().pid()));
    loop = new HandoverLoop(Processes.JVMS);
  }

  @AfterAll
  void close() {
    loop.close();
  }

  private void step() {
    version++;
    loop.step(version);
  }

  private static void kill(OwnedService<?> service) {
    for (long pid : service.pids(0)) {
      ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
      process.destroyForcibly();
      process.onExit().join();
    }
  }

  @Test
  void aTrainerThatDiesWhileItPublishesLeavesNothingAndItsSuccessorPublishesTheSame() {
    step();
    long before = loop.trainer.metrics().restarts();
    for (String point : List.of("publish.part", "region.allocated", "publish.written")) {
      loop.trainer.route().dieAt(point, 1);
      assertThat(loop.keeper.versions("policy")).containsExactly(version);
      step();
      loop.requireUndisturbed(version);
    }
    assertThat(loop.trainer.metrics().restarts()).isEqualTo(before + 3);
  }

  @Test
  void aGeneratorThatDiesWhileItTakesOverIsReplacedByOneThatDoes() {
    step();
    long before = loop.generator.metrics().restarts();
    for (String point : List.of("take.mapped", "take.part")) {
      loop.generator.route().dieAt(point, 1);
      loop.take(version);
    }
    assertThat(loop.generator.metrics().restarts()).isEqualTo(before + 2);
  }

  @Test
  void aStoreThatDiesHasAllVersionsAgainBeforeItIsAsked() {
    step();
    long first = version;
    long before = loop.store.metrics().restarts();
    for (String point : List.of("store.publish", "store.published", "store.get")) {
      version++;
      assertThat(loop.store.route().versions(Sides.MortalStore.DIE + point)).isEmpty();
      loop.publish(version);
      loop.take(version);
      loop.take(first);
      assertThat(loop.store.route().versions("policy"))
          .containsExactlyElementsOf(loop.keeper.versions("policy"))
          .hasSize((int) (version - first + 1));
    }
    loop.keeper.retain("policy", version);
    assertThat(loop.store.metrics().restarts()).isEqualTo(before + 3);
  }

  @Test
  void aVersionThatIsKeptSurvivesTrainerAndStore() {
    step();
    for (String point : List.of("keeper.kept", "keeper.published")) {
      version++;
      Published written = loop.trainer.route().publish(version);
      try (FaultPoint.Installed _ =
          FaultPoint.install(reached -> {
            if (reached.equals(point)) {
              kill(loop.trainer);
              kill(loop.store);
            }
          })) {
        loop.keeper.publish(written);
      }
      loop.take(version);
      loop.requireUndisturbed(version);
    }
    loop.keeper.retain("policy", version);
  }

  /// It has neither read nor closed what it mapped: nobody writes there meanwhile.
  @Test
  void aGeneratorThatIsStoppedFindsItsVersionWhenItGoesOn() throws Exception {
    step();
    Service<WeightStore> weights = loop.store;
    try (ProcMesh procs =
        loop.job.hosts().spawnProcs("stopped", Map.of("procs", 1), _ -> HandoverLoop.COMPUTE)) {
      Sides.Generator stopped =
          procs.spawn("stopped", Sides.Generator.class, Sides.GeneratorActor::new, weights).only();
      assertThat(stopped.take(version)).isEqualTo(HandoverLoop.values(version));
      long pid = stopped.pid();
      Signals.stop(pid);
      long trainer = loop.trainer.pids(0).getFirst();
      for (int i = 0; i < 5; i++) {
        step();
      }
      Signals.resume(pid);
      assertThat(stopped.check()).isEqualTo(version - 5);
      assertThat(loop.trainer.pids(0)).containsExactly(trainer);
    }
  }

  /// No side may be killed such that memory stays: of 200 versions there are as many as are held,
  /// and one more that is written next.
  @Test
  void memoryOfOldVersionsIsFreedWhoeverIsKilled() throws IOException {
    for (int i = 0; i < 200; i++) {
      switch (i) {
        case 50 -> kill(loop.generator);
        case 90 -> kill(loop.store);
        case 130 -> kill(loop.trainer);
        default -> {}
      }
      step();
    }
    assertThat(loop.keeper.versions("policy")).containsExactly(version);
    assertThat(loop.store.route().versions("policy")).containsExactly(version);
    assertThat(regions()).hasSizeLessThanOrEqualTo(1 + 3 * PARTS);
  }

  /// The different regions that any of the processes has open.
  private Set<String> regions() throws IOException {
    Set<String> regions = new HashSet<>();
    for (OwnedService<?> service : List.of(loop.store, loop.trainer, loop.generator)) {
      regions.addAll(regions(service.pids(0).getFirst()));
    }
    regions.addAll(regions(ProcessHandle.current().pid()));
    regions.removeAll(others);
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
