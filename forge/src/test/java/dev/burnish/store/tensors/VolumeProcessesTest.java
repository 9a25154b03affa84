package dev.burnish.store.tensors;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.actor.Factory;
import dev.burnish.launch.Resources;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.ActorOptions;
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
import dev.burnish.store.volume.MemoryVolume;
import dev.burnish.store.volume.StorageVolume;
import dev.burnish.store.volume.VolumeSettings;
import dev.burnish.store.volume.Volumes;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A catalogue, two volumes and a writer in processes of their own, which die wherever they can.
/// Each part has a copy at both volumes; one version in memory, the others on disk.
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class VolumeProcessesTest {
  private static final List<Long> SHAPE = List.of(64L, 64L);
  private static final Layout ROWS = Parts.layout(SHAPE, DeviceMesh.of(2), "S0");
  private static final Layout WHOLE = Layout.whole(64, 64);
  private static final long BYTES = 64 * 64 * Long.BYTES;
  private static final RestartPolicy SOON =
      new RestartPolicy.Backoff(
          Duration.ofMillis(1), Duration.ofMillis(10), 1000, Duration.ofMinutes(1));
  private static final ServiceOptions ONE = replicas(1).within(Duration.ofMinutes(1)).restart(SOON);

  private final Path folder;
  private Job job;
  private OwnedService<Catalogue> catalogue;
  private OwnedService<Ranks.Rank> writer;
  private ActorMesh<StorageVolume> volumes;
  private ActorMesh<Ranks.Killer> killers;
  private TensorStore store;
  private long version;

  /// Before [#start].
  VolumeProcessesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeAll
  void start() {
    job = Job.start(JobOptions.named("volumes").with(Processes.JVMS));
    job.onUnhandled(_ -> {});
    catalogue =
        Service.start(job.hosts(), "catalogue", Catalogue.class, Ranks.MortalCatalogue::new, ONE);
    Service<Catalogue> shared = catalogue;
    ProcMesh procs = job.hosts().spawnProcs("volumes", Map.of("procs", 2), _ -> Resources.light());
    ActorOptions restarted = ActorOptions.defaults().withRestart(SOON);
    Factory.Of2<MemoryVolume, Service<Catalogue>, VolumeSettings> volume = MemoryVolume::new;
    VolumeSettings settings = VolumeSettings.defaults().withSpill(BYTES, folder);
    volumes =
        procs.spawn("volumes", StorageVolume.class, volume, List.of(shared, settings), restarted);
    Factory.Of0<Ranks.KillerActor> killer = Ranks.KillerActor::new;
    killers = procs.spawn("killers", Ranks.Killer.class, killer, List.of(), restarted);
    Volumes.of(volumes).restore(catalogue);
    Factory.Of2<Ranks.PlacedRankActor, Service<Catalogue>, ActorMesh<StorageVolume>> rank =
        Ranks.PlacedRankActor::new;
    writer =
        Service.start(job.hosts(), "writer", Ranks.Rank.class, rank, List.of(shared, volumes), ONE);
    store = new TensorStore(catalogue.route());
  }

  @AfterAll
  void close() {
    store.close();
    job.close();
  }

  private void publish() {
    version++;
    writer.route().publish(version, ROWS, 0);
    writer.route().publish(version, ROWS, 1);
  }

  private void requireRead(long expected) {
    try (Snapshot snapshot = store.version("policy", expected);
        Tensor read = snapshot.get("b");
        TensorScope _ = TensorScope.open()) {
      assertThat(Parts.elements(read))
          .isEqualTo(LongStream.range(expected, expected + WHOLE.numElements()).toArray());
    }
  }

  /// And waits until another one is asked.
  private void killCatalogue() throws InterruptedException {
    long before = catalogue.metrics().restarts();
    kill(catalogue.pids(0).getFirst());
    while (catalogue.metrics().restarts() == before) {
      Thread.sleep(5);
    }
  }

  private static void kill(long pid) {
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
  }

  @Test
  void aVolumeThatDiesAnywhereIsStartedAgainAndTheVersionBecomesWhole() {
    publish();
    for (String point :
        List.of(
            "volume.received",
            "volume.brought",
            "volume.told",
            "region.spilling",
            "volume.written",
            "volume.moved")) {
      killers.actor(1).dieAt(point, 1);
      long old = version;
      requireRead(old);
      publish();
      requireRead(version);
      assertThat(store.versions("policy")).containsExactly(version);
    }
    assertThat(store.lost()).isEmpty();
  }

  @Test
  void aCatalogueThatDiesIsToldByTheVolumesBeforeItIsAsked() {
    publish();
    writer.route().putValue("kept", "value");
    writer.route().putValue("kept", "later");
    for (String point : List.of("catalogue.put", "catalogue.taken", "catalogue.hold")) {
      long old = version;
      try (Snapshot held = store.version("policy", old)) {
        assertThat(catalogue.route().versions(Ranks.MortalCatalogue.DIE + point)).isEmpty();
        if (point.equals("catalogue.hold")) {
          requireRead(old);
        }
        publish();
        requireRead(version);
        assertThat(store.getValue("kept", String.class)).isEqualTo("later");
        try (Tensor read = held.get("a");
            TensorScope _ = TensorScope.open()) {
          assertThat(Parts.elements(read)[0]).isEqualTo(old);
        }
      }
    }
  }

  @Test
  void aVolumeAndTheCatalogueMayBothDie() throws Exception {
    publish();
    kill(killers.actor(0).pid());
    requireRead(version);
    killCatalogue();
    requireRead(version);
    publish();
    requireRead(version);
  }

  @Test
  void memoryAndFilesReturnToTheBaseLine() throws Exception {
    TensorStore placed = store.placed(Volumes.of(volumes).replicated(2));
    placed.deleteAll(store.keys());
    publish();
    int before = held().size();
    for (int i = 0; i < 12; i++) {
      switch (i) {
        case 3 -> kill(killers.actor(0).pid());
        case 6 -> killCatalogue();
        case 9 -> kill(writer.pids(0).getFirst());
        default -> {}
      }
      publish();
      requireRead(version);
      try (TensorScope _ = TensorScope.open()) {
        placed.put("key" + i, Parts.numbered(SHAPE, i));
      }
    }
    placed.deleteAll(store.keys());
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (held().size() > before && System.nanoTime() < end) {
      Thread.sleep(10);
    }
    assertThat(held()).hasSizeLessThanOrEqualTo(before);
    assertThat(folder).isEmptyDirectory();
  }

  /// The different regions and files that any of the processes has open.
  private Set<String> held() throws IOException {
    Set<String> held = new HashSet<>();
    for (long pid :
        List.of(
            catalogue.pids(0).getFirst(),
            writer.pids(0).getFirst(),
            killers.actor(0).pid(),
            killers.actor(1).pid())) {
      held.addAll(held(pid));
    }
    return held;
  }

  private Set<String> held(long pid) throws IOException {
    Set<String> held = new HashSet<>();
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path file : files.toList()) {
        String target = target(file);
        if (target.contains("burnish-region-")
            || target.startsWith("/dev/shm/#")
            || target.startsWith(folder.toString())) {
          held.add(target);
        }
      }
    }
    return held;
  }

  private static String target(Path file) {
    try {
      return Files.readSymbolicLink(file).toString();
    } catch (IOException e) {
      return "";
    }
  }
}
