package dev.burnish.store.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Placement;
import dev.burnish.store.tensors.Catalogue;
import dev.burnish.store.tensors.MemoryCatalogue;
import dev.burnish.store.tensors.ShardedTensor;
import dev.burnish.store.tensors.Snapshot;
import dev.burnish.store.tensors.StoreException;
import dev.burnish.store.tensors.TensorStore;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Storage volumes as actors of this process.
class VolumesTest {
  private static final int NUM_VOLUMES = 4;
  private static final long SIZE = 1 << 14;
  private static final long BYTES = SIZE * Float.BYTES;

  @TempDir Path folder;

  private final Job job = Job.start(JobOptions.named("volumes").with(Processes.THREADS));
  private final ActorMesh<Catalogue> catalogue =
      job.hosts()
          .spawnProcs(Map.of("procs", 1))
          .spawn("catalogue", Catalogue.class, MemoryCatalogue::new);
  private final TensorStore store = new TensorStore(catalogue.only());
  private TensorScope scope = TensorScope.open();

  @BeforeEach
  void open() {
    scope.close();
    scope = TensorScope.open();
  }

  @AfterEach
  void close() {
    scope.close();
    store.close();
    job.close();
  }

  private ActorMesh<StorageVolume> volumes(VolumeSettings settings) {
    return job.hosts()
        .spawnProcs(Map.of("volumes", NUM_VOLUMES))
        .spawn("volumes", StorageVolume.class, MemoryVolume::new, catalogue, settings);
  }

  private ActorMesh<StorageVolume> spilling(long memoryBytes) {
    return volumes(VolumeSettings.defaults().withSpill(memoryBytes, folder)).slice("volumes", 0, 1);
  }

  private static Tensor filled(float value) {
    return Tensor.zeros(DType.F32, Device.CPU, SIZE).fill_(value);
  }

  private void requireFilled(String key, float value) {
    Tensor read = store.get(key);
    float[] elements = read.toFloatArray();
    assertThat(elements[0]).isEqualTo(value);
    assertThat(elements[elements.length - 1]).isEqualTo(value);
  }

  private static List<Integer> parts(ActorMesh<StorageVolume> volumes) {
    return volumes.gather(volume -> volume.state().parts());
  }

  @Test
  void theVolumeOfARankHoldsItsParts() {
    ActorMesh<StorageVolume> volumes = volumes(VolumeSettings.defaults());
    TensorStore placed = store.placed(Volumes.of(volumes));
    Layout layout = new Layout(List.of(6L), DeviceMesh.of(6), List.of(Placement.shard(0)));
    for (int rank = 0; rank < 6; rank++) {
      Tensor part = Tensor.of(new float[] {rank}, 1);
      placed.put("a", new ShardedTensor(layout, rank, part));
    }
    assertThat(parts(volumes)).containsExactly(2, 2, 1, 1);
    assertThat(store.get("a").toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
    placed.delete("a");
    assertThat(parts(volumes)).containsOnly(0);
  }

  @Test
  void eachCopyLiesAtAnotherVolume() {
    ActorMesh<StorageVolume> volumes = volumes(VolumeSettings.defaults());
    TensorStore placed = store.placed(Volumes.of(volumes).replicated(2));
    placed.publishStateDict("policy", 1, Map.of("w", filled(1)));
    assertThat(parts(volumes)).containsExactly(1, 0, 1, 0);
    placed.publishStateDict("policy", 2, Map.of("w", filled(2)));
    try (Snapshot snapshot = store.version("policy", 2)) {
      assertThat(snapshot.get("w").toFloatArray()).containsOnly(2);
    }
    placed.deleteAll(List.of());
    assertThat(parts(volumes)).containsExactly(1, 0, 1, 0);
    assertThatThrownBy(() -> Volumes.of(volumes).replicated(5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("copies=5 volumes=4");
  }

  @Test
  void partsBeyondTheLimitAreReadFromDisk() throws Exception {
    ActorMesh<StorageVolume> volumes = spilling(2 * BYTES);
    TensorStore placed = store.placed(Volumes.of(volumes));
    for (int i = 0; i < 5; i++) {
      placed.put("k" + i, filled(i));
    }
    assertThat(volumes.only().state()).isEqualTo(new VolumeState(5, 2 * BYTES, 3 * BYTES));
    try (Snapshot snapshot = store.open(List.of("k0", "k4"))) {
      for (int i = 0; i < 5; i++) {
        requireFilled("k" + i, i);
      }
      placed.deleteAll(store.keys());
      assertThat(volumes.only().state()).isEqualTo(new VolumeState(0, 0, 0));
      assertThat(snapshot.get("k0").toFloatArray()).containsOnly(0);
      assertThat(snapshot.get("k4").toFloatArray()).containsOnly(4);
    }
    awaitNothingSpilled();
    assertThat(folder).isEmptyDirectory();
  }

  /// Handles that are under way end a moment later.
  private void awaitNothingSpilled() throws IOException, InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!spilled().isEmpty() && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    assertThat(spilled()).as("files that are open").isEmpty();
  }

  /// Files of the folder that this process has open: they have no names there.
  private List<Path> spilled() throws IOException {
    List<Path> spilled = new ArrayList<>();
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      for (Path each : open.toList()) {
        if (Files.isSymbolicLink(each)
            && Files.readSymbolicLink(each).startsWith(folder.toRealPath())) {
          spilled.add(each);
        }
      }
    }
    return spilled;
  }

  @Test
  void aReaderKeepsAPartThatGoesToDiskMeanwhile() {
    ActorMesh<StorageVolume> volumes = spilling(BYTES);
    TensorStore placed = store.placed(Volumes.of(volumes));
    placed.put("a", filled(1));
    try (Snapshot before = store.open(List.of("a"))) {
      Tensor mapped = before.map("a", Layout.whole(SIZE), 0).orElseThrow();
      placed.put("b", filled(2));
      assertThat(volumes.only().state().diskBytes()).isEqualTo(BYTES);
      assertThat(mapped.toFloatArray()).containsOnly(1);
    }
    try (Snapshot after = store.open(List.of("a"))) {
      Tensor mapped = after.map("a", Layout.whole(SIZE), 0).orElseThrow();
      assertThat(mapped.toFloatArray()).containsOnly(1);
    }
  }

  @Test
  void aPartLargerThanTheMemoryGoesToDiskAlone() {
    ActorMesh<StorageVolume> volumes = spilling(BYTES);
    TensorStore placed = store.placed(Volumes.of(volumes));
    placed.put("small", Tensor.of(new float[] {1, 2}, 2));
    placed.put("large", Tensor.zeros(DType.F32, Device.CPU, 2 * SIZE).fill_(3));
    assertThat(volumes.only().state().diskBytes()).isEqualTo(2 * BYTES);
    assertThat(volumes.only().state().memoryBytes()).isPositive();
    requireFilled("large", 3);
  }

  @Test
  void bytesThatChangedOnDiskAreNoticed() throws IOException {
    TensorStore placed = store.placed(Volumes.of(spilling(0)));
    placed.put("a", filled(1));
    try (FileChannel file = FileChannel.open(spilled().getFirst(), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {1}), 100);
    }
    assertThatThrownBy(() -> store.get("a"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("a part must have the bytes that were put: key=a rank=0 block=0");
  }

  @Test
  void aFullDiskIsAnErrorThatLosesNothing() {
    TensorStore placed = store.placed(Volumes.of(spilling(BYTES)));
    placed.put("a", filled(1));
    try (FaultPoint.Installed _ =
        FaultPoint.install(point -> {
          if (point.equals("region.spilling")) {
            throw new UncheckedIOException(new IOException("No space left on device"));
          }
        })) {
      assertThatThrownBy(() -> placed.put("b", filled(2)))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("folder=" + folder)
          .hasMessageContaining("No space left on device")
          .hasMessageContaining("nothing that was put is lost");
    }
    requireFilled("a", 1);
    assertThat(store.keys()).containsExactly("a");
    placed.put("b", filled(2));
    requireFilled("a", 1);
    requireFilled("b", 2);
  }

  @Test
  void aFolderThatIsNotThereIsNamed() {
    ActorMesh<StorageVolume> volumes =
        volumes(VolumeSettings.defaults().withSpill(0, folder.resolve("none")));
    assertThatThrownBy(() -> store.placed(Volumes.of(volumes)).put("a", filled(1)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("folder=" + folder.resolve("none"));
    assertThatThrownBy(() -> VolumeSettings.defaults().withSpill(-1, folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("memoryBytes=-1");
  }

  @Test
  void whatTheCatalogueRefusesIsNotHeld() {
    ActorMesh<StorageVolume> volumes = volumes(VolumeSettings.defaults());
    TensorStore placed = store.placed(Volumes.of(volumes));
    placed.publish("policy", 1, Map.of("w", ShardedTensor.whole(filled(1))));
    assertThatThrownBy(
            () -> placed.publish("policy", 1, Map.of("w", ShardedTensor.whole(filled(2)))))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("a published version must not change");
    assertThat(parts(volumes)).containsExactly(1, 0, 0, 0);
  }

  @Test
  void partsThatWereReadTheLongestAgoGoToDiskFirst() throws IOException {
    ActorMesh<StorageVolume> volumes = spilling(2 * BYTES);
    TensorStore placed = store.placed(Volumes.of(volumes));
    placed.put("a", filled(1));
    placed.put("b", filled(2));
    requireFilled("b", 2);
    requireFilled("a", 1);
    placed.put("c", filled(3));
    assertThat(firstElementsOnDisk()).containsExactly(2f);
  }

  private Set<Float> firstElementsOnDisk() throws IOException {
    Set<Float> elements = new HashSet<>();
    for (Path each : spilled()) {
      try (FileChannel file = FileChannel.open(each, StandardOpenOption.READ)) {
        ByteBuffer first = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int _ = file.read(first, 0);
        elements.add(first.getFloat(0));
      }
    }
    return elements;
  }
}
