package dev.burnish.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.gguf.GgufConverter;
import dev.burnish.gguf.GgufFile;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.SafetensorsWriter;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightFilesTest {
  @TempDir Path folder;

  @Test
  void saysWhatAFolderWithoutWeightsLacks() {
    assertThatThrownBy(() -> WeightFiles.open(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("model.safetensors.index.json")
        .hasMessageContaining("folder=" + folder);
  }

  @Test
  void passesOverHiddenFiles() throws IOException {
    Files.writeString(folder.resolve("._model.gguf"), "of macOS");
    assertThatThrownBy(() -> WeightFiles.open(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ggufFiles=[]");
  }

  @Test
  void opensTheOneGgufFileOfAFolderUnlessThereAreSafetensors() throws IOException {
    Path gguf = folder.resolve("any.gguf");
    Conversion.toGguf(
        SharedFiles.data("oracle/models/qwen2"), gguf, Optional.of(GgufConverter.Weights.F32));
    try (Checkpoint weights = WeightFiles.open(folder)) {
      assertThat(weights).isInstanceOf(GgufFile.class);
      assertThat(weights.toString()).isEqualTo("checkpoint " + gguf.toRealPath());
    }
    StoredTensor tensor =
        new StoredTensor("t", DType.U8, new long[] {1}, MemorySegment.ofArray(new byte[1]));
    SafetensorsWriter.write(folder.resolve("model.safetensors"), List.of(tensor), Map.of());
    try (Checkpoint weights = WeightFiles.open(folder)) {
      assertThat(weights.names()).containsExactly("t");
    }
  }
}
