package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Large memory of regions begins where a huge page may, and its pages are put together.
class HugePagesTest {
  private static final long HUGE = 2 << 20;
  private static final long SIZE = 32 << 20;

  private static Region numbered(long size) {
    Region region = Region.allocate(size);
    for (long i = 0; i + Long.BYTES <= size; i += Long.BYTES) {
      region.segment().set(ValueLayout.JAVA_LONG, i, i * 31);
    }
    return region;
  }

  private static void requireNumbered(MemorySegment bytes) {
    for (long i = 0; i + Long.BYTES <= bytes.byteSize(); i += Long.BYTES) {
      if (bytes.get(ValueLayout.JAVA_LONG, i) != i * 31) {
        throw new AssertionError("changed at " + i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, HUGE - 1, HUGE, HUGE + 1, 3 * HUGE + 4097})
  void anySizeIsMappedWholeAndGivenBack(long size) throws IOException {
    long before = mappings();
    try (Region region = Region.allocate(size)) {
      region.segment().fill((byte) 7);
      assertThat(region.segment().get(ValueLayout.JAVA_BYTE, size - 1)).isEqualTo((byte) 7);
      if (size >= HUGE) {
        assertThat(region.segment().address() % HUGE).isZero();
      }
      try (Region other = Region.open(region.path(), region.label(), size, Region.Access.READ)) {
        assertThat(other.segment().mismatch(region.segment())).isEqualTo(-1);
      }
    }
    assertThat(mappings()).isEqualTo(before);
  }

  private static long mappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains("burnish-region"))
        .count();
  }

  @Test
  void theBytesStayForAllThatHaveThem() throws IOException {
    try (Region region = numbered(SIZE);
        Region other = Region.open(region.path(), region.label(), SIZE, Region.Access.READ);
        Arena arena = Arena.ofShared()) {
      MemorySegment mapped = other.segment();
      boolean huge = region.putPagesTogether();
      requireNumbered(region.segment());
      requireNumbered(mapped);
      MemorySegment copy = arena.allocate(SIZE);
      region.copyTo(0, copy);
      requireNumbered(copy);
      assumeThat(huge).as("the operating system puts pages together").isTrue();
      assertThat(hugeBytes()).isGreaterThanOrEqualTo(SIZE);
    }
  }

  /// Bytes of regions that this process has mapped by huge pages.
  private static long hugeBytes() throws IOException {
    long sum = 0;
    boolean region = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        region = line.contains("burnish-region");
      } else if (region && line.startsWith("ShmemPmdMapped:")) {
        sum += 1024 * Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return sum;
  }

  @Test
  void itIsWrittenAndClosedMeanwhile() throws InterruptedException {
    for (int i = 0; i < 5; i++) {
      Region region = Region.allocate(SIZE);
      region.segment().fill((byte) 1);
      AtomicBoolean failed = new AtomicBoolean();
      Thread together =
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, e) -> failed.set(!(e instanceof IllegalStateException)))
              .start(region::putPagesTogether);
      for (byte value : List.of((byte) 2, (byte) 3)) {
        region.segment().fill(value);
        assertThat(region.segment().get(ValueLayout.JAVA_BYTE, SIZE - 1)).isEqualTo(value);
      }
      region.close();
      together.join();
      assertThat(failed).isFalse();
    }
  }

  @Test
  void aClosedOneIsRefused() {
    Region region = Region.allocate(SIZE);
    region.close();
    assertThatThrownBy(region::putPagesTogether).isInstanceOf(IllegalStateException.class);
  }
}
