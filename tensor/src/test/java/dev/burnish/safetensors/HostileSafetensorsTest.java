package dev.burnish.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.testing.Allocation;
import java.io.IOException;
import java.io.RandomAccessFile;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every broken file is refused by name of file, tensor and rule, before much memory is used.
class HostileSafetensorsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "without gap      | {'t':{'dtype':'F32','shape':[2],'data_offsets':[8,16]}} | 16",
        "without overlap  | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'t':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}} | 12",
        "inside the 8     | {'t':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}} | 8",
        "inside the 8     | {'t':{'dtype':'U8','shape':[9223372036854775807],'data_offsets':[0,9223372036854775807]}} | 8",
        "aligned          | {'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},'t':{'dtype':'F32','shape':[1],'data_offsets':[1,5]}} | 5",
        "span exactly     | {'t':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | 8",
        "span exactly     | {'t':{'dtype':'F64','shape':[2],'data_offsets':[0,8]}} | 8",
        "span exactly     | {'t':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}} | 8",
        "63 bits          | {'t':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,8]}} | 8",
        "63 bits          | {'t':{'dtype':'F64','shape':[2305843009213693952],'data_offsets':[0,8]}} | 8",
        "dtype must be    | {'t':{'dtype':'F33','shape':[2],'data_offsets':[0,8]}} | 8",
        "dtype must be    | {'t':{'dtype':'f32','shape':[2],'data_offsets':[0,8]}} | 8",
        "name its dtype   | {'t':{'dtype':4,'shape':[2],'data_offsets':[0,8]}} | 8",
        "negative         | {'t':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}} | 8",
        "integers         | {'t':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}} | 8",
        "integers         | {'t':{'dtype':'F32','shape':'2','data_offsets':[0,8]}} | 8",
        "at most 2        | {'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8,9]}} | 8",
        "two data_offsets | {'t':{'dtype':'F32','shape':[2],'data_offsets':[0]}} | 8",
        "two data_offsets | {'t':{'dtype':'F32','shape':[2]}} | 8",
        "dtype and shape  | {'t':{'shape':[2],'data_offsets':[0,8]}} | 8",
        "only             | {'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8],'x':1}} | 8",
        "an object        | {'t':7} | 0",
      })
  void namesTheTensorAndTheRule(String rule, String header, int dataBytes) throws IOException {
    Path file = write(header.replace('\'', '"'), dataBytes);
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining(rule.strip())
        .hasMessageContaining("tensor=t")
        .hasMessageContaining("file=" + file);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "end with its last   | {'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 9",
        "end with its last   | {} | 1",
        "well formed         | {'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8]} | 8",
        "Duplicate           | {'t':{'dtype':'F32','shape':[0],'data_offsets':[0,0]},'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 8",
        "Duplicate           | {'t':{'dtype':'F32','dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 8",
        "Duplicate           | {'__metadata__':{'a':'1','a':'2'}} | 0",
        "texts only          | {'__metadata__':{'a':1}} | 0",
        "an object           | {'__metadata__':[]} | 0",
        "begin with '{'      | [1] | 0",
        "well formed         | {'t':{'dtype':'F32','shape':[99999999999999999999],'data_offsets':[0,8]}} | 8",
        "only spaces         | {} {} | 0",
      })
  void namesTheFileAndTheRule(String rule, String header, int dataBytes) throws IOException {
    Path file = write(header.replace('\'', '"').replace("\"{\"", "'{'"), dataBytes);
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining(rule.strip().replace("'{'", "'{'"))
        .hasMessageContaining("file=" + file);
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 60, -1, Long.MIN_VALUE, 1, 0, 1000, (16L << 20) + 1})
  void refusesAHeaderLengthThatTheFileCannotHave(long length) throws IOException {
    Path file = folder.resolve("x.safetensors");
    ByteBuffer bytes = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(file, bytes.putLong(length).array());
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("header length")
        .hasMessageContaining("length=" + Long.toUnsignedString(length));
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    Path whole = folder.resolve("whole.safetensors");
    SafetensorsWriter.write(
        whole,
        List.of(SafetensorsFileTest.tensor("t", dev.burnish.tensor.DType.F32, 4)),
        Map.of("format", "pt"));
    byte[] bytes = Files.readAllBytes(whole);
    for (int length = 0; length < bytes.length; length++) {
      Path cut = folder.resolve("cut");
      Files.write(cut, java.util.Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> SafetensorsFile.open(cut)).isInstanceOf(CorruptFileException.class);
    }
  }

  @Test
  void refusesDeepJsonWithoutOverflowingTheStack() throws IOException {
    for (String open : List.of("[", "{\"a\":")) {
      Path file = write("{\"t\":" + open.repeat(1_000_000), 0);
      assertThatThrownBy(() -> SafetensorsFile.open(file)).isInstanceOf(CorruptFileException.class);
      Path metadata = write("{\"__metadata__\":{\"a\":" + open.repeat(1_000_000), 0);
      assertThatThrownBy(() -> SafetensorsFile.open(metadata))
          .isInstanceOf(CorruptFileException.class);
      Path index = Files.writeString(folder.resolve(SafetensorsWriter.INDEX), open.repeat(99_999));
      assertThatThrownBy(() -> Checkpoint.open(index.resolveSibling("")))
          .isInstanceOf(CorruptFileException.class)
          .hasMessageContaining("at most 32 deep");
    }
  }

  @Test
  void refusesWhatIsTooLargeBeforeItAllocatesMuch() throws IOException {
    StringBuilder many = new StringBuilder("{");
    for (int i = 0; many.length() < 16_000_000; i++) {
      many.append("\"%x\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},".formatted(i));
    }
    Path tensors = write(many.append("\"t\":1}").toString(), 0);
    Path text = write("{\"__metadata__\":{\"a\":\"" + "x".repeat(16_000_000) + "\"}}", 0);
    Path name = write("{\"" + "n".repeat(16_000_000) + "\":{}}", 0);
    Path sparse = folder.resolve("sparse.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
      file.setLength(1L << 40);
      file.writeLong(Long.reverseBytes(1L << 39));
    }
    for (Path file : List.of(tensors, text, name, sparse)) {
      long before = Allocation.ofThread();
      assertThatThrownBy(() -> SafetensorsFile.open(file)).isInstanceOf(CorruptFileException.class);
      assertThat(Allocation.ofThread() - before).as(file.toString()).isLessThan(64L << 20);
    }
  }

  @Test
  void showsHostileNamesWithoutControlCharacters() throws IOException {
    String name = "\\u001b[2J" + "y".repeat(1000);
    Path file = write("{\"" + name + "\":{\"dtype\":\"F33\"}}", 0);
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CorruptFileException.class)
        .satisfies(e ->
            assertThat(e.getMessage())
                .doesNotContain("\u001b")
                .contains("?[2Jyyy")
                .hasSizeLessThan(1000));
  }

  private Path write(String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json);
    return Files.write(Files.createTempFile(folder, "x", ".safetensors"), bytes.array());
  }
}
