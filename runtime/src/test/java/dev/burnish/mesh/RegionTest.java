package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.Factory;
import dev.burnish.launch.Resources;
import dev.burnish.link.Region;
import dev.burnish.mesh.JobOptions.Processes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Bytes by handle, over threads and over processes.
class RegionTest {
  private final Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));

  interface Keeper {
    byte first(Region region);

    void keep(Region region);

    void forget(Region region);

    /// Bytes of a region, copied to native memory, or to the heap.
    byte[] copy(Region region, long offset, int count, boolean toNative);

    /// Copies of a region that has ended.
    long checksum(Region region, long offset, long count, boolean confined);

    byte[] copyKept(int count);

    byte kept();

    Region fresh(byte value);

    void write(Region region, long at, byte value);

    void writeKept(long at, byte value);
  }

  static final class KeeperActor implements Keeper, AutoCloseable {
    private Region kept;

    KeeperActor() {
      this(Region.allocate(1));
    }

    /// @param kept as long as it is read in the constructor alone
    KeeperActor(Region kept) {
      this.kept = kept;
    }

    @Override
    public byte first(Region region) {
      return region.segment().get(ValueLayout.JAVA_BYTE, 0);
    }

    @Override
    public void keep(Region region) {
      kept.close();
      kept = region.keep();
    }

    @Override
    public void forget(Region region) {
      kept.close();
      kept = region;
    }

    @Override
    public byte kept() {
      return first(kept);
    }

    @Override
    public Region fresh(byte value) {
      Region region = Region.allocate(10);
      region.segment().fill(value);
      return region;
    }

    @Override
    public void write(Region region, long at, byte value) {
      region.segment().set(ValueLayout.JAVA_BYTE, at, value);
    }

    @Override
    public void writeKept(long at, byte value) {
      write(kept, at, value);
    }

    @Override
    public byte[] copy(Region region, long offset, int count, boolean toNative) {
      byte[] result = new byte[count];
      if (toNative) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment target = arena.allocate(count);
          region.copyTo(offset, target);
          MemorySegment.copy(target, ValueLayout.JAVA_BYTE, 0, result, 0, count);
        }
      } else {
        region.copyTo(offset, MemorySegment.ofArray(result));
      }
      return result;
    }

    @Override
    public long checksum(Region region, long offset, long count, boolean confined) {
      try (Arena arena = confined ? Arena.ofConfined() : Arena.ofShared()) {
        MemorySegment target = arena.allocate(count);
        region.copyTo(offset, target);
        return checksumOf(target);
      }
    }

    @Override
    public byte[] copyKept(int count) {
      return copy(kept, 0, count, true);
    }

    @Override
    public void close() {}
  }

  private Keeper keeper(Job owner) {
    return owner
        .hosts()
        .spawnProcs(Map.of("gpus", 1))
        .spawn("keeper", Keeper.class, (Factory.Of0<Keeper>) KeeperActor::new)
        .only();
  }

  @AfterEach
  void close() {
    job.close();
  }

  private static Region filled(int value) {
    Region region = Region.allocate(4096);
    region.segment().fill((byte) value);
    return region;
  }

  @Test
  void anArgumentIsReadWithoutACopyAndStaysTheCallers() {
    Keeper keeper = keeper(job);
    try (Region region = filled(7)) {
      assertThat(keeper.first(region)).isEqualTo((byte) 7);
      region.segment().fill((byte) 8);
      assertThat(keeper.first(region)).isEqualTo((byte) 8);
    }
  }

  @Test
  void aRegionIsReadAfterTheCallOnlyIfItWasKept() {
    Keeper keeper = keeper(job);
    Region region = filled(3);
    keeper.keep(region);
    region.close();
    assertThat(keeper.kept()).isEqualTo((byte) 3);
    try (Region other = filled(4)) {
      keeper.forget(other);
      assertThatThrownBy(keeper::kept).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void partsAreCopied() {
    Keeper keeper = keeper(job);
    try (Region region = Region.allocate(100_000)) {
      for (int i = 0; i < 100_000; i++) {
        region.segment().set(ValueLayout.JAVA_BYTE, i, (byte) (i % 251));
      }
      for (boolean toNative : new boolean[] {true, false}) {
        byte[] part = keeper.copy(region, 70_000, 20_000, toNative);
        assertThat(part[0]).isEqualTo((byte) (70_000 % 251));
        assertThat(part[19_999]).isEqualTo((byte) (89_999 % 251));
        assertThat(keeper.copy(region, 99_999, 1, toNative)).containsExactly(99_999 % 251);
        assertThatThrownBy(() -> keeper.copy(region, 99_999, 2, toNative))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      byte[] own = new byte[3];
      region.copyTo(1, MemorySegment.ofArray(own));
      assertThat(own).containsExactly(1, 2, 3);
    }
  }

  private static long checksumOf(MemorySegment bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes.asByteBuffer());
    return sum.getValue();
  }

  @Test
  void largePartsAreCopiedWholeByOneThreadAndByTwo() {
    int size = 20_000_003;
    try (Region region = Region.allocate(size)) {
      for (int i = 0; i < size; i++) {
        region.segment().set(ValueLayout.JAVA_BYTE, i, (byte) ((i * 31) >> 7));
      }
      long expected = checksumOf(region.segment().asSlice(5, size - 9));
      for (int cores = 1; cores <= 2; cores++) {
        Resources resources = Resources.light().withCores(cores);
        Keeper keeper =
            job.hosts()
                .spawnProcs("cores" + cores, Map.of("gpus", 1), _ -> resources)
                .spawn("keeper", Keeper.class, (Factory.Of0<Keeper>) KeeperActor::new)
                .only();
        assertThat(keeper.checksum(region, 5, size - 9, false)).isEqualTo(expected);
        assertThat(keeper.checksum(region, 5, size - 9, true)).isEqualTo(expected);
        assertThatThrownBy(() -> keeper.checksum(region, 5, size, false))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
    }
  }

  @Test
  void whatHasEndedIsNotCopied() {
    Keeper keeper = keeper(job);
    try (Region other = filled(4)) {
      keeper.forget(other);
      assertThatThrownBy(() -> keeper.copyKept(1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed region");
    }
  }

  @Test
  void aResultIsTheCallersToClose() {
    Region region = keeper(job).fresh((byte) 5);
    assertThat(region.size()).isEqualTo(10);
    assertThat(region.segment().get(ValueLayout.JAVA_BYTE, 9)).isEqualTo((byte) 5);
    assertThat(region.segment().isReadOnly()).isTrue();
    region.close();
    assertThatThrownBy(region::close).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatAProcessMadeIsPassedOnAndOutlivesIt() {
    try (Job processes = Job.start(JobOptions.named("test"))) {
      ProcMesh maker = processes.hosts().spawnProcs(Map.of("gpus", 1));
      Region made = maker.spawn("maker", Keeper.class, KeeperActor::new).only().fresh((byte) 6);
      Keeper keeper = keeper(processes);
      keeper.keep(made);
      made.close();
      maker.close();
      assertThat(keeper.kept()).isEqualTo((byte) 6);
    }
  }

  @ParameterizedTest
  @EnumSource(Processes.class)
  void whatAProcessWroteToSharedMemoryIsThereForItsSuccessor(Processes kind) {
    try (Job owner = Job.start(JobOptions.named("test").with(kind));
        Region state = Region.allocateShared(4096)) {
      owner.onUnhandled(_ -> {});
      ProcMesh dying = owner.hosts().spawnProcs("dying", Map.of("gpus", 1), _ -> Resources.light());
      Keeper first =
          dying.spawn("first", Keeper.class, (Factory.Of0<Keeper>) KeeperActor::new).only();
      first.keep(state);
      first.writeKept(1, (byte) 5);
      dying.kill(Duration.ZERO);
      Keeper second = keeper(owner);
      assertThat(second.copy(state, 1, 1, true)).containsExactly(5);
      second.write(state, 2, (byte) 6);
      assertThat(state.segment().get(ValueLayout.JAVA_BYTE, 2)).isEqualTo((byte) 6);
    }
  }

  @Test
  void memoryIsWrittenAgainOnlyWhenNoProcessHoldsIt() {
    try (Job processes = Job.start(JobOptions.named("test"));
        Region region = filled(9)) {
      processes.onUnhandled(_ -> {});
      ProcMesh reading =
          processes.hosts().spawnProcs("reading", Map.of("gpus", 1), _ -> Resources.light());
      Keeper reader =
          reading.spawn("reader", Keeper.class, (Factory.Of0<Keeper>) KeeperActor::new).only();
      assertThat(reader.first(region)).isEqualTo((byte) 9);
      awaitFree(region);
      reader.keep(region);
      assertThat(region.isHeldElsewhere()).isTrue();
      reading.kill(Duration.ZERO);
      awaitFree(region);
    }
  }

  @ParameterizedTest
  @EnumSource(Processes.class)
  void thatOfAConstructorEndsWithTheConstruction(Processes kind) {
    try (Job owner = Job.start(JobOptions.named("test").with(kind));
        Region region = filled(9)) {
      Factory.Of1<Keeper, Region> factory = KeeperActor::new;
      Keeper keeper =
          owner
              .hosts()
              .spawnProcs(Map.of("gpus", 1))
              .spawn("keeper", Keeper.class, factory, region)
              .only();
      assertThatThrownBy(keeper::kept).hasMessageContaining("a closed region is not used");
      awaitFree(region);
    }
  }

  /// The end of a call at its callee, and of its message, come some time after its result.
  private static void awaitFree(Region region) {
    while (region.isHeldElsewhere()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aClosedRegionIsNotPassedOn() {
    Region region = filled(1);
    region.close();
    Keeper keeper = keeper(job);
    assertThatThrownBy(() -> keeper.first(region))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed region");
    assertThatThrownBy(() -> Region.allocate(0)).hasMessageContaining("bytes=0");
  }

  @Test
  void processesShareMemoryThatHasNoName() throws IOException {
    try (Job processes = Job.start(JobOptions.named("test"));
        Region region = filled(9)) {
      assertThat(keeper(processes).first(region)).isEqualTo((byte) 9);
      Path open = Path.of("/proc/self/fd");
      if (Files.isDirectory(open)) {
        List<Path> regions;
        try (Stream<Path> files = Files.list(open)) {
          regions = files.filter(RegionTest::isRegion).toList();
        }
        assertThat(regions).isNotEmpty();
        for (Path file : regions) {
          assertThat(Files.getAttribute(file, "unix:nlink")).isEqualTo(0);
        }
      }
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
}
