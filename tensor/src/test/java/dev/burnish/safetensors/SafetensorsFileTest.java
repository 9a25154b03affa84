package dev.burnish.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.tensor.DType;
import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

public class SafetensorsFileTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"llama-gqa-untied", "llama-mha-biases", "qwen3-tied", "smollm3-nope"})
  void loadThenSaveGivesTheSameFile(String model) throws IOException {
    Path original = SharedFiles.data("oracle/models/" + model + "/model.safetensors");
    Path copy = folder.resolve("copy.safetensors");
    try (SafetensorsFile file = SafetensorsFile.open(original)) {
      assertThat(file.description()).containsExactly(Map.entry("format", "pt"));
      List<StoredTensor> tensors = file.names().stream().map(file::get).toList();
      SafetensorsWriter.write(copy, tensors, file.description());
    }
    assertThat(Files.mismatch(original, copy)).isEqualTo(-1);
  }

  @Test
  void keepsEveryTypeAndShape() {
    Path path = folder.resolve("all.safetensors");
    List<StoredTensor> written =
        List.of(
            tensor("f64", DType.F64, 3, 1),
            tensor("scalar", DType.F32),
            tensor("empty", DType.F32, 0, 4),
            tensor("bf16", DType.BF16, 2, 3),
            tensor("f16", DType.F16, 5),
            tensor("i64", DType.I64, 2),
            tensor("i32", DType.I32, 1, 1, 1),
            tensor("i16", DType.I16, 3),
            tensor("i8", DType.I8, 3),
            tensor("u8", DType.U8, 1),
            tensor("bool", DType.BOOL, 2),
            tensor("e4m3", DType.F8_E4M3, 7),
            tensor("e5m2", DType.F8_E5M2, 1));
    SafetensorsWriter.write(path, written, Map.of("a \"b\"", "ü\n"));

    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.description()).containsExactly(Map.entry("a \"b\"", "ü\n"));
      assertThat(file.names())
          .containsExactlyInAnyOrderElementsOf(written.stream().map(StoredTensor::name).toList());
      for (StoredTensor expected : written) {
        StoredTensor read = file.get(expected.name());
        assertThat(read.dtype()).isEqualTo(expected.dtype());
        assertThat(read.shape()).isEqualTo(expected.shape());
        assertThat(read.data().mismatch(expected.data())).as(expected.name()).isEqualTo(-1);
        assertThat(read.data().isReadOnly()).isTrue();
      }
    }
  }

  @Test
  void readsFilesWhoseHeaderIsNotPadded() throws IOException {
    Path path = folder.resolve("odd.safetensors");
    String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}   ";
    assertThat(header.length() % 4).isNotZero();
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json).putFloat(1.5f).putFloat(-2f);
    Files.write(path, bytes.array());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      float[] values = new float[2];
      file.copyTo("a", MemorySegment.ofArray(values));
      assertThat(values).containsExactly(1.5f, -2f);
    }
  }

  @Test
  void endsItsTensorsWhenClosed() {
    Path path = folder.resolve("one.safetensors");
    SafetensorsWriter.write(path, List.of(tensor("a", DType.F32, 2)), Map.of());
    SafetensorsFile file = SafetensorsFile.open(path);
    StoredTensor tensor = file.get("a");
    file.close();
    assertThatThrownBy(() -> tensor.data().get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void namesTheTensorOrFileThatIsNotThere() {
    Path path = folder.resolve("one.safetensors");
    SafetensorsWriter.write(path, List.of(tensor("a", DType.F32, 2)), Map.of());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThatThrownBy(() -> file.get("b"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tensor=b")
          .hasMessageContaining(path.toString());
    }
    assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("none")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("none");
  }

  @Test
  void aTensorDoesNotShareItsShape() {
    long[] shape = {2};
    StoredTensor tensor =
        new StoredTensor("a", DType.U8, shape, MemorySegment.ofArray(new byte[2]));
    shape[0] = 9;
    tensor.shape()[0] = 7;
    assertThat(tensor.shape()).containsExactly(2);
    assertThatThrownBy(
            () -> new StoredTensor("a", DType.U8, shape, MemorySegment.ofArray(new byte[2])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs=9, has=2");
  }

  /// A tensor whose bytes are 0, 1, 2 and so on.
  public static StoredTensor tensor(String name, DType dtype, long... shape) {
    byte[] bytes = new byte[Math.toIntExact(StoredTensor.elements(shape) * dtype.bytes())];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    return new StoredTensor(name, dtype, shape, MemorySegment.ofArray(bytes));
  }
}
