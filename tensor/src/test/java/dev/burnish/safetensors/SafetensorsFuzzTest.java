package dev.burnish.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.FileFuzz;
import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Mutants of a safetensors file and of an index, see [FileFuzz].
class SafetensorsFuzzTest {
  private static final Path LABEL = Path.of("mutant");
  @TempDir Path folder;

  @Test
  void safetensorsMutantsAreReadOrRefused() throws IOException {
    byte[] real = Files.readAllBytes(SharedFiles.data("oracle/models/qwen2/model.safetensors"));
    int header = 8 + (int) ByteBuffer.wrap(real).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    int data = real.length - header;
    byte[] room = new byte[2 * real.length];
    FileFuzz.fuzz(
        "safetensors",
        Arrays.copyOf(real, header),
        mutant -> readSafetensors(fitted(mutant), data, room));
  }

  @Test
  void indexMutantsAreReadOrRefused() throws IOException {
    SafetensorsWriter.writeSharded(
        folder,
        List.of(
            SafetensorsFileTest.tensor("model.a.weight", dev.burnish.tensor.DType.F32, 4),
            SafetensorsFileTest.tensor("model.b.weight", dev.burnish.tensor.DType.F32, 4)),
        Map.of(),
        1);
    Path index = folder.resolve(SafetensorsWriter.INDEX);
    byte[] real = Files.readAllBytes(index);
    FileFuzz.fuzz("index", real, mutant -> readIndex(index, mutant));
  }

  /// Every second mutant gets a length that fits its header, so that deeper rules are reached.
  private static byte[] fitted(byte[] mutant) {
    if (mutant.length >= 8 && mutant[mutant.length / 2] % 2 == 0) {
      ByteBuffer.wrap(mutant).order(ByteOrder.LITTLE_ENDIAN).putLong(0, mutant.length - 8);
    }
    return mutant;
  }

  /// @param dataBytes bytes of tensors after the header, whose values do not matter
  private static void readSafetensors(byte[] mutant, int dataBytes, byte[] room) {
    System.arraycopy(mutant, 0, room, 0, mutant.length);
    MemorySegment whole = MemorySegment.ofArray(room).asSlice(0, mutant.length + dataBytes);
    SafetensorsHeader header = SafetensorsHeader.parse(LABEL, whole);
    for (SafetensorsHeader.Entry entry : header.entries().values()) {
      MemorySegment data =
          whole.asSlice(header.dataStart() + entry.begin(), entry.end() - entry.begin());
      StoredTensor tensor = new StoredTensor(entry.name(), entry.dtype(), entry.shape(), data);
      assertThat(tensor.elements() * entry.dtype().bytes()).isEqualTo(data.byteSize());
    }
  }

  private void readIndex(Path index, byte[] mutant) throws IOException {
    ShardedFiles.weightMap(index, mutant)
        .values()
        .forEach(name -> {
          Path file = folder.resolve(name).normalize();
          assertThat(file.resolveSibling("")).isEqualTo(folder.resolve(""));
        });
  }
}
