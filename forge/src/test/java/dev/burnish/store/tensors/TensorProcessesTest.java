package dev.burnish.store.tensors;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.launch.Resources;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.mesh.RestartPolicy;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Placement;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/// Ranks and a catalogue in processes of their own, which die wherever they can. The tests share
/// the processes, and the count of versions.
@TestInstance(Lifecycle.PER_CLASS)
class TensorProcessesTest {
  private static final List<Long> SHAPE = List.of(6L, 5L);
  private static final Layout ROWS = Parts.layout(SHAPE, DeviceMesh.of(2), "S0");
  private static final Layout COLUMNS = Parts.layout(SHAPE, DeviceMesh.of(2), "S1");
  private static final ServiceOptions ONE =
      replicas(1)
          .within(Duration.ofMinutes(2))
          .restart(
              new RestartPolicy.Backoff(
                  Duration.ofMillis(1), Duration.ofMillis(10), 1000, Duration.ofMinutes(1)));

  /// Regions of other tests of this process.
  private final Set<String> others = new HashSet<>();

  private Job job;
  private OwnedService<Catalogue> catalogue;
  private OwnedService<Ranks.Rank> writer;
  private OwnedService<Ranks.Rank> reader;
  private TensorKeeper keeper;
  private long version;

  @BeforeAll
  void start() throws IOException {
    others.addAll(regions(ProcessHandle.current().pid()));
    job = Job.start(JobOptions.named("tensors").with(Processes.JVMS));
    job.onUnhandled(_ -> {});
    catalogue =
        Service.start(job.hosts(), "catalogue", Catalogue.class, Ranks.MortalCatalogue::new, ONE);
    Service<Catalogue> shared = catalogue;
    writer = rank("writer", shared);
    reader = rank("reader", shared);
    keeper = new TensorKeeper(catalogue);
  }

  private OwnedService<Ranks.Rank> rank(String name, Service<Catalogue> shared) {
    return Service.start(job.hosts(), name, Ranks.Rank.class, Ranks.RankActor::new, shared, ONE);
  }

  @AfterAll
  void close() {
    keeper.close();
    job.close();
  }

  private void publish() {
    version++;
    writer.route().publish(version, ROWS, 0);
    writer.route().publish(version, ROWS, 1);
    keeper.keep("policy", version);
  }

  private void requireRead(long expected) {
    for (int rank = 0; rank < 2; rank++) {
      assertThat(reader.route().read(expected, COLUMNS, rank)).isEqualTo(part(expected, rank));
    }
  }

  private static long[] part(long plus, int rank) {
    return part(COLUMNS, plus, rank);
  }

  private static long[] part(Layout layout, long plus, int rank) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor whole = Parts.numbered(layout.shape(), plus);
      return Parts.elements(Parts.cut(whole, layout.box(rank)));
    }
  }

  @Test
  void fourProcessesPutAndReadRandomLayouts() {
    Service<Catalogue> shared = catalogue;
    try (ProcMesh procs =
        job.hosts().spawnProcs("four", Map.of("procs", 4), _ -> Resources.light())) {
      ActorMesh<Ranks.Rank> four =
          procs.spawn("four", Ranks.Rank.class, Ranks.RankActor::new, shared);
      for (int seed = 0; seed < 50; seed++) {
        RandomGenerator random = new SplittableRandom(seed);
        List<Long> shape = Parts.shape(random);
        Layout source = overFour(random, shape);
        Layout target = overFour(random, shape);
        long plus = seed;
        four.fanout(rank -> rank.put("random", source, plus));
        List<long[]> parts = four.gather(rank -> rank.get("random", target));
        for (int rank = 0; rank < 4; rank++) {
          assertThat(parts.get(rank))
              .as("seed %d rank %d: %s to %s", seed, rank, source, target)
              .isEqualTo(part(target, plus, rank));
        }
      }
    }
    assertThat(catalogue.route().delete(List.of("random"))).containsExactly("random");
  }

  private static Layout overFour(RandomGenerator random, List<Long> shape) {
    int[][] meshes = {{4}, {2, 2}, {4, 1}, {1, 2, 2}, {2, 1, 1, 2}};
    int[] mesh = meshes[random.nextInt(meshes.length)];
    List<Placement> placements =
        Arrays.stream(mesh)
            .mapToObj(_ ->
                shape.isEmpty() || random.nextInt(3) == 0
                    ? Placement.replicate()
                    : Placement.shard(random.nextInt(shape.size())))
            .toList();
    return new Layout(shape, DeviceMesh.of(mesh), placements);
  }

  @Test
  void aWriterThatDiesAnywhereLeavesTheOldVersionAndItsSuccessorPublishesTheNew() {
    publish();
    long before = writer.metrics().restarts();
    for (String point : List.of("put.item", "region.allocated", "put.written", "put.packed")) {
      long old = version;
      version++;
      writer.route().publish(version, ROWS, 1);
      writer.route().dieAt(point, 1);
      assertThat(catalogue.route().versions("policy")).containsExactly(old);
      requireRead(old);
      writer.route().publish(version, ROWS, 0);
      assertThat(catalogue.route().versions("policy")).containsExactly(version);
      requireRead(version);
      keeper.keep("policy", version);
    }
    assertThat(writer.metrics().restarts()).isEqualTo(before + 4);
  }

  @Test
  void aReaderThatDiesWhileItReadsIsReplacedByOneThatDoes() {
    publish();
    long before = reader.metrics().restarts();
    reader.route().dieAt("get.read", 1);
    requireRead(version);
    reader.route().dieAt("get.read", 2);
    requireRead(version);
    assertThat(reader.metrics().restarts()).isEqualTo(before + 2);
  }

  @Test
  void aReaderThatDiesWhileItHoldsAVersionHoldsItNoMore() throws IOException {
    publish();
    reader.route().hold(version);
    Set<String> held = regions(reader.pids(0).getFirst());
    assertThat(held).hasSize(2);
    publish();
    publish();
    assertThat(regions(catalogue.pids(0).getFirst())).doesNotContainAnyElementsOf(held);
    kill(reader);
    publish();
    assertThat(regions(catalogue.pids(0).getFirst()))
        .as("its memory is written again")
        .containsAnyElementsOf(held);
  }

  @Test
  void aCatalogueThatDiesHasTheVersionAgainBeforeItIsAsked() {
    publish();
    long before = catalogue.metrics().restarts();
    for (String point : List.of("catalogue.put", "catalogue.taken", "catalogue.hold")) {
      long old = version;
      reader.route().hold(old);
      assertThat(catalogue.route().versions(Ranks.MortalCatalogue.DIE + point)).isEmpty();
      // Dies with the first part at the latest when it gives handles out; then both are put again.
      writer.route().publish(old + 1, ROWS, 0);
      if (point.equals("catalogue.hold")) {
        requireRead(old);
      }
      requireRead(old);
      assertThat(reader.route().readHeld(COLUMNS, 1)).isEqualTo(part(old, 1));
      publish();
      requireRead(version);
    }
    assertThat(catalogue.metrics().restarts()).isEqualTo(before + 3);
  }

  /// No side may be killed such that memory stays: of 60 versions there are as many as are held,
  /// and one more that is written next.
  @Test
  void memoryOfOldVersionsIsFreedWhoeverIsKilled() throws IOException {
    for (int i = 0; i < 60; i++) {
      switch (i) {
        case 15 -> kill(reader);
        case 30 -> kill(catalogue);
        case 45 -> kill(writer);
        default -> {}
      }
      publish();
      requireRead(version);
      reader.route().hold(version);
    }
    assertThat(catalogue.route().versions("policy")).containsExactly(version);
    assertThat(catalogue.route().missing()).isEmpty();
    assertThat(regions()).hasSizeLessThanOrEqualTo(3 * 2);
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
    for (OwnedService<?> service : List.of(catalogue, writer, reader)) {
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
