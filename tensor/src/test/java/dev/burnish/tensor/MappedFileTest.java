package dev.burnish.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest {
  @TempDir Path folder;

  @Test
  void keepsValuesThatLeftResidentMemory() {
    try (MappedFile file = MappedFile.create(folder, 3 << 20);
        Tensor first = file.allocate(DType.F32, 1000);
        Tensor second = file.allocate(DType.F32, 300, 1024)) {
      assertThat(second.toFloatArray()).containsOnly(0);
      first.fill_(2);
      second.fill_(3);
      MappedFile.release(first);
      try (Tensor middle = second.narrow(0, 7, 100)) {
        MappedFile.release(middle);
      }
      assertThat(first.toFloatArray()).containsOnly(2);
      assertThat(second.toFloatArray()).containsOnly(3);
    }
  }

  @Test
  void leavesNoNameInTheFolder() throws IOException {
    try (MappedFile file = MappedFile.create(folder, 5000);
        Tensor tensor = file.allocate(DType.F32, 1000);
        Stream<Path> entries = Files.list(folder)) {
      assertThat(tensor.fill_(1).toFloatArray()).containsOnly(1);
      assertThat(entries).isEmpty();
    }
  }

  @Test
  void refusesMoreThanItHolds() {
    try (MappedFile file = MappedFile.create(folder, 5000);
        Tensor tensor = file.allocate(DType.F32, 1000)) {
      assertThat(tensor.numElements()).isEqualTo(1000);
      assertThatThrownBy(() -> file.allocate(DType.F32, 2000))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("bytes=8000");
    }
  }

  @Test
  void saysWhichFolderCannotHoldIt() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> MappedFile.create(file.resolve("below"), 10))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("folder=" + file);
  }

  @Test
  void wrapsForeignMemoryWithoutCopying() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(24, 8);
      try (Tensor tensor = Tensor.wrap(memory, DType.F32, 2, 3)) {
        tensor.fill_(1.5);
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, 4, 7);
        assertThat(tensor.toFloatArray()).containsExactly(1.5f, 1.5f, 1.5f, 1.5f, 7, 1.5f);
      }
      assertThat(memory.getAtIndex(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(1.5f);
      assertThatThrownBy(() -> Tensor.wrap(memory, DType.F32, 7))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Tensor.wrap(memory.asSlice(2), DType.F32, 1))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Tensor.wrap(MemorySegment.ofArray(new byte[4]), DType.F32, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
