package dev.burnish.store.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.concurrent.FaultPoint;
import dev.burnish.host.JvmCommand;
import dev.burnish.launch.Resources;
import dev.burnish.link.LinkSettings;
import dev.burnish.link.bulk.BulkSettings;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.sharding.Box;
import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.store.volume.MemoryVolume;
import dev.burnish.store.volume.StorageVolume;
import dev.burnish.store.volume.VolumeSettings;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.testing.Signals;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// Ranks on two hosts, the catalogue and a reader on a third: processes of this machine that are
/// told so. Bytes go over TLS, and holders die and stall in the middle.
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class OtherHostsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final List<Long> LARGE = List.of(1L << 11, 1L << 11);
  private static final Layout ROWS = Parts.layout(LARGE, DeviceMesh.of(2), "S0");
  private static final Layout SMALL = Parts.layout(List.of(300L, 300L), DeviceMesh.of(2), "S0");
  private static final Layout SMALL_REPLICAS =
      Parts.layout(List.of(300L, 300L), DeviceMesh.of(2), "R");
  private static final Layout REPLICAS = Parts.layout(LARGE, DeviceMesh.of(2), "R");

  private final List<Process> workers = new ArrayList<>();
  private Job job;
  private HostMesh hosts;
  private ActorMesh<Catalogue> catalogue;
  private TensorStore store;
  private ProcMesh procs;
  private boolean isDirty;

  @SuppressWarnings("NullAway.Init")
  private ActorMesh<Ranks.Rank> ranks;

  @BeforeAll
  void start() throws IOException {
    LinkSettings link =
        LinkSettings.defaults().withBulk(BulkSettings.defaults().withPatience(PATIENCE));
    job =
        Job.start(
            JobOptions.named("hosts")
                .with(ActorSystemSettings.defaults().withLink(link))
                .withReach(InetAddress.getLoopbackAddress()));
    job.onUnhandled(_ -> {});
    for (int i = 0; i < 2; i++) {
      List<String> command =
          JvmCommand.of(HostProgram.class)
              .withFlags(List.of("--enable-native-access=ALL-UNNAMED"))
              .withArguments(List.of(job.ticket().text(), "box"))
              .words();
      workers.add(new ProcessBuilder(command).inheritIO().start());
    }
    hosts = job.awaitHosts(2);
    catalogue =
        job.hosts()
            .spawnProcs("catalogue", Map.of("procs", 1), _ -> Resources.light())
            .spawn("catalogue", Catalogue.class, MemoryCatalogue::new);
    store = new TensorStore(catalogue.only());
  }

  /// New ones only where the test before has killed some.
  @BeforeEach
  void spawn() {
    if (procs != null && !isDirty) {
      return;
    }
    isDirty = false;
    procs = hosts.spawnProcs("ranks", Map.of("gpus", 1), _ -> Resources.light());
    ranks = procs.spawn("ranks", Ranks.Rank.class, Ranks.MeshRankActor::new, catalogue);
  }

  @AfterEach
  void end() {
    if (isDirty) {
      procs.close();
    }
    store.deleteAll(store.keys());
    store.abandon("policy");
  }

  @AfterAll
  void close() throws InterruptedException {
    store.close();
    job.close();
    for (Process worker : workers) {
      worker.destroyForcibly().waitFor();
    }
  }

  private static long[] part(Layout layout, int rank, long plus) {
    try (TensorScope _ = TensorScope.open()) {
      return Parts.elements(Parts.cut(Parts.numbered(layout.shape(), plus), layout.box(rank)));
    }
  }

  @Test
  void ranksOfTwoHostsReadEachOthersPartsInAnyLayout() {
    for (int seed = 0; seed < 40; seed++) {
      RandomGenerator random = new SplittableRandom(seed);
      List<Long> shape = seed % 4 == 0 ? List.of(700L, 900L) : Parts.shape(random);
      Layout source = overTwo(random, shape);
      Layout target = overTwo(random, shape);
      long plus = seed;
      ranks.fanout(rank -> rank.put("random", source, plus));
      List<long[]> parts = ranks.gather(rank -> rank.get("random", target));
      for (int rank = 0; rank < 2; rank++) {
        assertThat(parts.get(rank))
            .as("seed %d rank %d: %s to %s", seed, rank, source, target)
            .isEqualTo(part(target, rank, plus));
      }
    }
  }

  private static Layout overTwo(RandomGenerator random, List<Long> shape) {
    int[][] meshes = {{2}, {2, 1}, {1, 2}};
    DeviceMesh mesh = DeviceMesh.of(meshes[random.nextInt(meshes.length)]);
    return new Layout(shape, mesh, Parts.placements(random, shape, mesh.axes().size()));
  }

  @Test
  void aSliceAndAValueComeFromOtherHostsToo() {
    ranks.fanout(rank -> rank.put("large", ROWS, 1));
    Box slice = new Box(List.of(1000L, 3L), List.of(48L, 5L));
    try (Tensor read = store.slice("large", slice);
        TensorScope _ = TensorScope.open()) {
      assertThat(Parts.elements(read))
          .isEqualTo(Parts.elements(Parts.cut(Parts.numbered(LARGE, 1), slice)));
    }
    ranks.at("hosts", 0).choose().putValue("value", "from afar");
    assertThat(store.getValue("value", String.class)).isEqualTo("from afar");
  }

  @Test
  void elementsOfOtherHostsAreConvertedWhenTheyAreRead() {
    ranks.fanout(rank -> rank.putThirds("thirds", SMALL));
    Layout columns = Parts.layout(List.of(300L, 300L), DeviceMesh.of(3), "S1");
    Box slice = new Box(List.of(140L, 3L), List.of(20L, 5L));
    try (TensorScope _ = TensorScope.open()) {
      Tensor whole = Parts.thirds(Layout.whole(300, 300), 0).local();
      TensorStore rounded = store.as(DType.BF16);
      Tensor part = rounded.get("thirds", columns, 1);
      assertThat(part.dtype()).isEqualTo(DType.BF16);
      assertThat(part.to(DType.F32).toFloatArray())
          .isEqualTo(Parts.cut(whole, columns.box(1)).to(DType.BF16).to(DType.F32).toFloatArray());
      Tensor some = Tensor.zeros(DType.F64, Device.CPU, 20, 5);
      try (Snapshot snapshot = store.as(DType.F64).open(List.of("thirds"))) {
        snapshot.sliceInto("thirds", slice, some);
      }
      assertThat(some.to(DType.F32).toFloatArray())
          .isEqualTo(Parts.cut(whole, slice).toFloatArray());
    }
  }

  /// Where a rank of this host has the same, nothing moves: the other one may be dead.
  @Test
  void aReplicaOfTheReadersHostIsReadAndNoOther() throws Exception {
    ranks.fanout(rank -> rank.put("large", SMALL_REPLICAS, 1));
    kill(0);
    assertThat(ranks.at("hosts", 1).choose().get("large", SMALL_REPLICAS))
        .isEqualTo(part(SMALL_REPLICAS, 1, 1));
  }

  @Test
  void theRestOfAPartComesFromAReplicaWhenItsHolderIsKilledInTheMiddle() throws Exception {
    ranks.fanout(rank -> rank.put("large", REPLICAS, 1));
    AtomicInteger received = new AtomicInteger();
    long pid = ranks.at("hosts", 0).choose().pid();
    try (FaultPoint.Installed _ =
            FaultPoint.install(point -> {
              if (point.equals("bulk.received") && received.incrementAndGet() == 10) {
                killProcess(pid);
              }
            });
        Tensor read = store.get("large");
        TensorScope _ = TensorScope.open()) {
      assertThat(Parts.elements(read)).isEqualTo(part(Layout.whole(1 << 11, 1 << 11), 0, 1));
    }
    assertThat(received.get()).as("more than all blocks").isGreaterThanOrEqualTo(32);
  }

  @Test
  void aPartThatNobodyElseHasIsAnErrorThatNamesItAndItsHolder() throws Exception {
    ranks.fanout(rank -> rank.put("large", ROWS, 1));
    try (Snapshot snapshot = store.open(List.of("large"))) {
      kill(1);
      assertThatThrownBy(() -> snapshot.get("large"))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("what=key=large rank=1")
          .hasMessageContaining("ranks");
    }
  }

  @Test
  void partsThatAreLostAreNamedAndMayBePutAgain() throws Exception {
    ranks.fanout(rank -> rank.put("large", ROWS, 1));
    ranks.fanout(rank -> rank.publishOwn("other", 1, SMALL));
    assertThat(lost("[large]")).isEmpty();
    kill(1);
    awaitLost("[large]");
    awaitLost("set=other version=1");
    assertThat(lost("[large]")).containsExactly(1);
    try (TensorScope _ = TensorScope.open()) {
      Tensor small = Parts.numbered(SMALL.shape(), 1);
      ShardedTensor half = Parts.part(SMALL, 1, small);
      store.publish("other", 1, Map.of("a", half, "b", half));
      Parts.put(store, "large", ROWS, Parts.numbered(LARGE, 2));
      assertThat(lost("[large]")).isEmpty();
      assertThat(lost("set=other version=1")).isEmpty();
      try (Snapshot snapshot = store.version("other", 1)) {
        assertThat(Parts.elements(snapshot.get("a"))).isEqualTo(Parts.elements(small));
      }
      assertThat(Parts.elements(store.get("large")))
          .isEqualTo(part(Layout.whole(1 << 11, 1 << 11), 0, 2));
    }
  }

  private List<Integer> lost(String what) {
    return store.lost().stream()
        .filter(each -> each.what().equals(what))
        .flatMap(each -> each.ranks().stream())
        .toList();
  }

  /// The catalogue notices a moment after the process has ended.
  private void awaitLost(String what) throws InterruptedException {
    while (lost(what).isEmpty()) {
      Thread.sleep(5);
    }
  }

  @Test
  void copiesAtVolumesOfOtherHostsOutliveTheirWriterAndItsVolume() throws Exception {
    ActorMesh<StorageVolume> volumes =
        procs.spawn(
            "volumes",
            StorageVolume.class,
            MemoryVolume::new,
            catalogue,
            VolumeSettings.defaults());
    ActorMesh<Ranks.Rank> placed =
        procs.spawn("placed", Ranks.Rank.class, Ranks.MeshPlacedRankActor::new, catalogue, volumes);
    placed.fanout(rank -> rank.put("large", ROWS, 3));
    placed.at("hosts", 0).choose().putValue("value", "from afar");
    assertThat(volumes.gather(volume -> volume.state().parts())).containsExactly(3, 3);
    kill(0);
    try (Tensor read = store.get("large");
        TensorScope _ = TensorScope.open()) {
      assertThat(Parts.elements(read)).isEqualTo(part(Layout.whole(1 << 11, 1 << 11), 0, 3));
    }
    assertThat(store.getValue("value", String.class)).isEqualTo("from afar");
    assertThat(lost("[large]")).isEmpty();
  }

  @Test
  void aHolderThatIsStoppedIsGivenUpInTime() throws Exception {
    ranks.fanout(rank -> rank.put("large", ROWS, 1));
    long pid = ranks.at("hosts", 1).choose().pid();
    try (Snapshot snapshot = store.open(List.of("large"))) {
      isDirty = true;
      Signals.stop(pid);
      long start = System.nanoTime();
      assertThatThrownBy(() -> snapshot.get("large"))
          .isInstanceOf(StoreException.class)
          .hasCauseInstanceOf(CallTimedOut.class)
          .hasMessageContaining("bulk.patience=PT2S");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE.multipliedBy(4));
    } finally {
      Signals.resume(pid);
    }
  }

  @Test
  void anInterruptedReaderLeavesNothingBehind() throws Exception {
    ranks.fanout(rank -> rank.put("large", ROWS, 1));
    CountDownLatch under = new CountDownLatch(1);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    CountDownLatch interrupted = new CountDownLatch(1);
    try (FaultPoint.Installed _ =
        FaultPoint.install(point -> {
          if (point.equals("bulk.received")) {
            under.countDown();
            awaitQuietly(interrupted);
          }
        })) {
      Thread reader =
          Thread.ofPlatform()
              .start(() -> {
                try (Tensor _ = store.get("large")) {
                  thrown.set(new AssertionError("it was interrupted"));
                } catch (Throwable e) {
                  thrown.set(e);
                }
              });
      under.await();
      reader.interrupt();
      interrupted.countDown();
      reader.join();
    }
    assertThat(thrown.get()).isInstanceOf(CallCancelled.class);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("link/bulk/"));
    try (Tensor read = store.get("large")) {
      assertThat(read.numElements()).isEqualTo(1 << 22);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// The writers write the memory of old versions again once no host reads them.
  @Test
  void memoryOfVersionsThatOtherHostsHaveReadIsWrittenAgain() throws Exception {
    long pid = ranks.at("hosts", 0).choose().pid();
    for (long version = 1; version <= 20; version++) {
      long next = version;
      ranks.fanout(rank -> rank.publishOwn("policy", next, SMALL));
      try (Snapshot snapshot = store.awaitVersion("policy", next);
          Tensor read = snapshot.get("a");
          TensorScope _ = TensorScope.open()) {
        assertThat(Parts.elements(read)[5]).isEqualTo(5 + next);
      }
    }
    assertThat(numRegions(pid)).isLessThanOrEqualTo(3);
    store.abandon("policy");
  }

  private static long numRegions(long pid) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return files.filter(OtherHostsTest::isRegion).count();
    }
  }

  private static boolean isRegion(Path file) {
    try {
      String target = Files.readSymbolicLink(file).toString();
      return target.contains("burnish-region-") || target.startsWith("/dev/shm/#");
    } catch (IOException e) {
      return false;
    }
  }

  private void kill(int rank) {
    killProcess(ranks.at("hosts", rank).choose().pid());
  }

  private void killProcess(long pid) {
    isDirty = true;
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
  }
}
