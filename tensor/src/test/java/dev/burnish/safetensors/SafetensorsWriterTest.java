package dev.burnish.safetensors;

import static dev.burnish.safetensors.SafetensorsFileTest.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.files.AtomicFile;
import dev.burnish.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  private static final List<StoredTensor> THREE =
      List.of(tensor("a", DType.F32, 10), tensor("b", DType.F32, 100), tensor("c", DType.BF16, 10));

  @TempDir Path folder;

  @Test
  void shardsAboveTheLimitAndReadsBackThroughTheIndex() throws IOException {
    SafetensorsWriter.writeSharded(folder, THREE, Map.of("format", "pt"), 50);

    assertThat(files())
        .containsExactlyInAnyOrder(
            "model-00001-of-00003.safetensors",
            "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors",
            "model.safetensors.index.json");
    assertThat(Files.readString(folder.resolve(SafetensorsWriter.INDEX)))
        .contains("\"total_size\" : 460", "\"b\" : \"model-00002-of-00003.safetensors\"");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.names()).containsExactlyInAnyOrder("a", "b", "c");
      assertThat(checkpoint.description()).containsEntry("format", "pt");
      for (StoredTensor tensor : THREE) {
        assertThat(checkpoint.get(tensor.name()).data().mismatch(tensor.data())).isEqualTo(-1);
      }
    }
  }

  @Test
  void removesTheFilesOfTheModelThatItReplaces() throws IOException {
    Files.writeString(folder.resolve("model-notes.txt"), "keep");
    SafetensorsWriter.writeSharded(folder, THREE, Map.of(), 50);
    SafetensorsWriter.writeSharded(folder, THREE, Map.of(), 450);
    assertThat(files()).contains("model-00002-of-00002.safetensors").hasSize(4);
    SafetensorsWriter.writeSharded(folder, THREE, Map.of(), 460);
    assertThat(files()).containsExactlyInAnyOrder("model.safetensors", "model-notes.txt");
    SafetensorsWriter.writeSharded(folder, THREE, Map.of(), 50);
    assertThat(files()).doesNotContain("model.safetensors");
  }

  @Test
  void leavesTheOldFileAndNothingElseWhenWritingFails() throws IOException {
    Path file = folder.resolve("model.safetensors");
    SafetensorsWriter.write(file, THREE, Map.of());
    byte[] before = Files.readAllBytes(file);
    StoredTensor broken;
    try (Arena arena = Arena.ofConfined()) {
      broken = new StoredTensor("z", DType.F32, new long[] {4}, arena.allocate(16));
    }
    assertThatThrownBy(
            () -> SafetensorsWriter.write(file, List.of(THREE.getFirst(), broken), Map.of()))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() ->
            SafetensorsWriter.writeSharded(folder, List.of(THREE.getFirst(), broken), Map.of(), 1))
        .isInstanceOf(IllegalStateException.class);
    assertThat(files()).containsExactly("model.safetensors");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void removesWhatAKilledWriterLeftButNotWhatAnotherIsWriting() throws IOException {
    Path file = folder.resolve("model.safetensors");
    Files.write(folder.resolve(".model.safetensors.123.tmp"), new byte[100]);
    Files.write(folder.resolve(".other.123.tmp"), new byte[100]);
    SafetensorsWriter.write(file, THREE, Map.of());
    assertThat(files()).containsExactly(".other.123.tmp", "model.safetensors");

    try (AtomicFile first = AtomicFile.prepare(file, c -> c.write(ByteBuffer.allocate(3)))) {
      SafetensorsWriter.write(file, THREE, Map.of());
      first.commit();
    }
    assertThat(file).hasSize(3);
  }

  @Test
  void saysWhichFileCannotBeWritten() throws IOException {
    Path blocked = Files.writeString(folder.resolve("file"), "").resolve("model.safetensors");
    assertThatThrownBy(() -> SafetensorsWriter.write(blocked, THREE, Map.of()))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(blocked.toString());
  }

  @Test
  void refusesTwoTensorsOfOneName() {
    List<StoredTensor> twice = List.of(tensor("a", DType.U8, 1), tensor("a", DType.U8, 2));
    assertThatThrownBy(() -> SafetensorsWriter.write(folder.resolve("x"), twice, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tensor=a");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void writesTensorsOfAnyAlignment() {
    MemorySegment odd = MemorySegment.ofArray(new byte[9]).asSlice(1, 8);
    Path file = folder.resolve("odd.safetensors");
    SafetensorsWriter.write(
        file, List.of(new StoredTensor("a", DType.F32, new long[] {2}, odd)), Map.of());
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.get("a").data().mismatch(odd)).isEqualTo(-1);
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
