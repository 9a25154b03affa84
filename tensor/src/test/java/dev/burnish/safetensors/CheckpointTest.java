package dev.burnish.safetensors;

import static dev.burnish.safetensors.SafetensorsFileTest.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
  @TempDir Path folder;

  @Test
  void convertsToF32FromShards() {
    SafetensorsWriter.writeSharded(
        folder, List.of(tensor("a", DType.U8, 3), tensor("b", DType.I8, 2)), Map.of(), 1);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      float[] values = new float[3];
      checkpoint.copyTo("a", MemorySegment.ofArray(values));
      assertThat(values).containsExactly(0f, 1f, 2f);
      assertThat(checkpoint.dtype("b")).isEqualTo(DType.I8);
      assertThat(checkpoint.shape("b")).containsExactly(2);
      assertThatThrownBy(() -> checkpoint.get("c"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tensor=c");
    }
  }

  @Test
  void saysWhatAFolderWithoutWeightsLacks() {
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("model.safetensors.index.json")
        .hasMessageContaining("folder=" + folder);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.safetensors",
        "/etc/passwd",
        "/etc/x.safetensors",
        "a/b.safetensors",
        "..",
        "",
        "C:\\x.safetensors",
        "a\\u0000.safetensors",
        "model.txt"
      })
  void refusesAnIndexThatNamesFilesElsewhere(String shard) throws IOException {
    index("{\"weight_map\":{\"t\":\"" + shard.replace("\\x", "\\\\x") + "\"}}");
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("of its own folder")
        .hasMessageContaining("tensor=t");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"weight_map\":[]}",
        "{\"weight_map\":{\"t\":3}}",
        "{\"weight_map\":{\"t\":\"a.safetensors\",\"t\":\"a.safetensors\"}}",
        "[]",
        "",
        "{\"weight_map\":{}} x"
      })
  void refusesAnIndexThatIsNone(String json) throws IOException {
    index(json);
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining(SafetensorsWriter.INDEX);
  }

  @Test
  void refusesAnIndexThatDisagreesWithItsShards() throws IOException {
    SafetensorsWriter.write(
        folder.resolve("a.safetensors"),
        List.of(tensor("t", DType.U8, 1), tensor("u", DType.U8, 1)),
        Map.of());
    index("{\"weight_map\":{\"t\":\"a.safetensors\",\"missing\":\"a.safetensors\"}}");
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("tensor=missing");
    index("{\"weight_map\":{\"t\":\"a.safetensors\"}}");
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("tensor=u");
    index("{\"weight_map\":{\"t\":\"b.safetensors\"}}");
    assertThatThrownBy(() -> Checkpoint.open(folder)).hasMessageContaining("b.safetensors");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "/", "a/b", "../a", "/etc/passwd", "a\\b", "a\u0000b"})
  void refusesFileNamesWithAPath(String name) {
    assertThatThrownBy(() -> ModelFolder.file(folder, name))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("without a path");
  }

  @Test
  void refusesLinksThatLeadOutOfTheFolder() throws IOException {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Path model = Files.createDirectory(folder.resolve("model"));
    Path secret = outside.resolve("secret.safetensors");
    SafetensorsWriter.write(secret, List.of(tensor("t", DType.U8, 1)), Map.of());
    Path link = Files.createSymbolicLink(model.resolve("model.safetensors"), secret);
    assertThatThrownBy(() -> Checkpoint.open(model))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("link must not lead out");
    Files.delete(link);
    Files.createSymbolicLink(model.resolve("a.safetensors"), secret);
    Files.writeString(
        model.resolve(SafetensorsWriter.INDEX), "{\"weight_map\":{\"t\":\"a.safetensors\"}}");
    assertThatThrownBy(() -> Checkpoint.open(model))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("link must not lead out");
  }

  @Test
  void followsLinksInsideTheFolderAndInTheCacheOfTheHub() throws IOException {
    Path blobs = Files.createDirectories(folder.resolve("models--o--n/blobs"));
    Path snapshot = Files.createDirectories(folder.resolve("models--o--n/snapshots/abc"));
    SafetensorsWriter.write(blobs.resolve("f00"), List.of(tensor("t", DType.U8, 1)), Map.of());
    Files.createSymbolicLink(snapshot.resolve("model.safetensors"), Path.of("../../blobs/f00"));
    try (Checkpoint checkpoint = Checkpoint.open(snapshot)) {
      assertThat(checkpoint.names()).containsExactly("t");
    }
    Path plain = Files.createDirectory(folder.resolve("plain"));
    SafetensorsWriter.write(plain.resolve("real"), List.of(tensor("t", DType.U8, 1)), Map.of());
    Files.createSymbolicLink(plain.resolve("model.safetensors"), Path.of("real"));
    try (Checkpoint checkpoint = Checkpoint.open(plain)) {
      assertThat(checkpoint.contains("t")).isTrue();
    }
  }

  private void index(String json) throws IOException {
    Files.writeString(folder.resolve(SafetensorsWriter.INDEX), json);
  }
}
