package dev.burnish.train.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFileTest {
  private static final int COUNT = 1_000_000;

  @TempDir private Path folder;

  /// Otherwise an interrupt of a thread that steps would close the file for all later steps.
  @Test
  void anInterruptedThreadReadsAndWritesAsAnyOther() {
    try (StateFile file = StateFile.create(folder, 4L * COUNT);
        TensorScope _ = TensorScope.open();
        Arena arena = Arena.ofShared()) {
      Tensor written = Tensor.empty(DType.F32, Device.CPU, COUNT);
      written.fill_(3);
      Tensor read = Tensor.empty(DType.F32, Device.CPU, COUNT);
      Thread.currentThread().interrupt();
      file.write(0, written);
      file.read(0, read);
      float mapped = file.map(0, 4L * COUNT, arena).get(ValueLayout.JAVA_FLOAT, 4L * COUNT - 4);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(mapped).isEqualTo(3);
      assertThat(read.segment().mismatch(written.segment())).isEqualTo(-1);
      file.write(0, read);
    }
  }
}
