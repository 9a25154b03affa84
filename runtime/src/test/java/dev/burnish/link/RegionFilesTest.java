package dev.burnish.link;

import static dev.burnish.link.Region.Access.READ;
import static dev.burnish.link.Region.Access.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.link.failure.CallCancelled;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The files that hold regions.
class RegionFilesTest {
  private static final int SIZE = 10_000_000;

  @BeforeEach
  void needsFilesThatOthersOpen() {
    assumeThat(Path.of("/proc/self/fd")).as("only Linux has files that others can open").exists();
  }

  @AfterEach
  @SuppressWarnings("ResultOfMethodCallIgnored")
  void calm() {
    Thread.interrupted();
  }

  private static Object numNames(String file) throws IOException {
    return Files.getAttribute(Path.of(file), "unix:nlink");
  }

  @Test
  void aRegionHasNoNameWheneverItsProcessIsKilled() throws IOException {
    List<Object> names = new ArrayList<>();
    Thread here = Thread.currentThread();
    try (FaultPoint.Installed _ =
            FaultPoint.install(point -> {
              if (point.equals("region.allocated") && Thread.currentThread() == here) {
                names.addAll(namesOfOwnRegions());
              }
            });
        Region region = Region.allocate(10)) {
      assertThat(names).isNotEmpty().containsOnly(0);
      assertThat(numNames(region.path())).isEqualTo(0);
    }
  }

  private static List<Object> namesOfOwnRegions() {
    List<Object> names = new ArrayList<>();
    try (var open = Files.list(Path.of("/proc/self/fd"))) {
      for (Path file : open.toList()) {
        if (label(file).contains("burnish-region-") || label(file).startsWith("/dev/shm/#")) {
          names.add(numNames(file.toString()));
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return names;
  }

  private static String label(Path file) {
    try {
      return MemoryFile.label(file.toString());
    } catch (IOException e) {
      return "";
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bothWaysMakeFilesWithoutANameThatOthersOpen(boolean inAFolder) throws IOException {
    Optional<MemoryFile> made =
        inAFolder ? MemoryFile.unnamed(Path.of("/dev/shm")) : MemoryFile.anonymous();
    assumeThat(made).as("this operating system has no such files").isPresent();
    try (MemoryFile file = made.orElseThrow();
        MemoryFile other = MemoryFile.open(file.path(), READ)) {
      assertThat(numNames(file.path())).isEqualTo(0);
      assertThat(MemoryFile.label(other.path())).isEqualTo(MemoryFile.label(file.path()));
    }
  }

  @Test
  void aFolderThatIsNotThereIsNoWay() throws IOException {
    assertThat(MemoryFile.unnamed(Path.of("/proc/self/fd/none"))).isEmpty();
  }

  @Test
  void aRegionWhoseOwnerHasClosedItIsNotOpened() {
    Region region = Region.allocate(10);
    String path = region.path();
    String label = region.label();
    region.close();
    assertThatThrownBy(() -> Region.open(path, label, 10, READ)).isInstanceOf(IOException.class);
    try (Region next = Region.allocate(10)) {
      assertThatThrownBy(() -> Region.open(next.path(), label, 10, READ))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("its owner has closed it");
    }
  }

  @Test
  void anInterruptedThreadAllocatesAndMapsAsAnyOther() throws IOException {
    Thread.currentThread().interrupt();
    try (Region region = Region.allocate(SIZE)) {
      region.segment().set(ValueLayout.JAVA_BYTE, SIZE - 1, (byte) 7);
      try (Region other = Region.open(region.path(), region.label(), SIZE, READ)) {
        assertThat(other.segment().get(ValueLayout.JAVA_BYTE, SIZE - 1)).isEqualTo((byte) 7);
      }
    }
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  @Test
  void aCopyThatIsInterruptedSaysSoAndLeavesTheRegionAsItIs() throws IOException {
    try (Region region = Region.allocate(SIZE);
        Region other = Region.open(region.path(), region.label(), SIZE, READ);
        Arena arena = Arena.ofShared()) {
      region.segment().fill((byte) 3);
      MemorySegment target = arena.allocate(SIZE);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> other.copyTo(0, target)).isInstanceOf(CallCancelled.class);
      assertThat(Thread.interrupted()).isTrue();
      other.copyTo(0, target);
      assertThat(target.get(ValueLayout.JAVA_BYTE, SIZE - 1)).isEqualTo((byte) 3);
      assertThat(other.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 3);
    }
  }

  @Test
  void aRegionOfAnotherIsPassedOnAndOutlivesItsOwner() throws IOException {
    Region first = Region.allocate(SIZE);
    Region second = Region.open(first.path(), first.label(), SIZE, READ);
    assertThat(second.path()).isNotEqualTo(first.path());
    try (second;
        Region third = Region.open(second.path(), second.label(), SIZE, READ)) {
      first.segment().fill((byte) 5);
      first.close();
      assertThat(third.segment().get(ValueLayout.JAVA_BYTE, SIZE - 1)).isEqualTo((byte) 5);
    }
  }

  @Test
  void aSharedRegionIsWrittenByAllAndOutlivesThem() throws IOException {
    Region first = Region.allocateShared(SIZE);
    Region second = Region.open(first.path(), first.label(), SIZE, WRITE);
    try (second) {
      second.segment().set(ValueLayout.JAVA_BYTE, 3, (byte) 7);
      assertThat(first.segment().get(ValueLayout.JAVA_BYTE, 3)).isEqualTo((byte) 7);
      first.close();
      try (Region third = Region.open(second.path(), second.label(), SIZE, second.access())) {
        third.segment().set(ValueLayout.JAVA_BYTE, 4, (byte) 8);
      }
      assertThat(second.segment().get(ValueLayout.JAVA_BYTE, 4)).isEqualTo((byte) 8);
    }
  }

  @Test
  void aRegionIsHeldElsewhereUntilItsLastReaderHasClosedIt() throws IOException {
    try (Region region = Region.allocate(SIZE)) {
      assertThat(region.isHeldElsewhere()).isFalse();
      Region reader = Region.open(region.path(), region.label(), SIZE, READ);
      assertThat(region.isHeldElsewhere()).isTrue();
      assertThat(reader.segment().get(ValueLayout.JAVA_BYTE, 0)).isZero();
      try (Region other = Region.open(reader.path(), reader.label(), SIZE, READ)) {
        reader.close();
        assertThat(other.size()).isEqualTo(SIZE);
        assertThat(region.isHeldElsewhere()).isTrue();
      }
      assertThat(region.isHeldElsewhere()).isFalse();
      Region share = region.share();
      assertThat(region.isHeldElsewhere()).isTrue();
      share.close();
      assertThat(region.isHeldElsewhere()).isFalse();
    }
  }

  @Test
  void aClosedRegionIsNotAskedWhoHoldsIt() {
    Region region = Region.allocate(10);
    region.close();
    assertThatThrownBy(region::isHeldElsewhere)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed region");
  }

  @Test
  void whatCannotBeMappedSaysWhy() {
    assertThatThrownBy(() -> Region.allocate(Long.MAX_VALUE))
        .isInstanceOf(java.io.UncheckedIOException.class)
        .hasMessageContaining("no room for a region: bytes=9223372036854775807");
    assertThatThrownBy(() -> Region.allocate(1L << 60))
        .hasMessageContaining("no room for a region");
  }

  /// The number of a file is used again at once: a thread that still reads must not read another
  /// file.
  @Test
  void aRegionThatIsClosedWhileItIsCopiedIsReadToTheEndOrSaysSo() throws Exception {
    try (Region region = Region.allocate(SIZE);
        Arena arena = Arena.ofShared()) {
      region.segment().fill((byte) 3);
      MemorySegment target = arena.allocate(SIZE);
      for (int i = 0; i < 20; i++) {
        target.fill((byte) 3);
        Region other = Region.open(region.path(), region.label(), SIZE, READ);
        Thread closing = Thread.ofPlatform().start(other::close);
        try {
          other.copyTo(0, target);
        } catch (IllegalStateException e) {
          assertThat(e).hasMessageContaining("closed region");
        }
        closing.join();
        assertThat(target.mismatch(region.segment())).isEqualTo(-1);
      }
    }
  }
}
