package dev.burnish.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.LittleEndian;
import dev.burnish.testing.Allocation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every broken file is refused by name of file, key or tensor, and rule, before much memory is
/// used.
class HostileGgufTest {
  private static final int UINT32 = 4;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, 1L << 60, 1L << 32, 200, 65_537})
  void refusesAbsurdCounts(long count) {
    refuse("tensor count", b -> b.putInt(3).putLong(count).putLong(0));
    refuse("key count", b -> b.putInt(3).putLong(0).putLong(count));
    refuse(
        "array k must be", b -> kind(key(head(b, 0, 1), "k"), ARRAY).putInt(UINT32).putLong(count));
    refuse("array k must be", b -> kind(key(head(b, 0, 1), "k"), ARRAY).putInt(8).putLong(count));
  }

  @Test
  void refusesTextsLongerThanTheFile() {
    refuse("key must have at most 1024", b -> head(b, 0, 1).putLong(1025));
    refuse("key must have at most 1024", b -> head(b, 0, 1).putLong(-1));
    refuse("not end inside", b -> head(b, 0, 1).putLong(1024));
    refuse("not end inside", b -> kind(key(head(b, 0, 1), "k"), STRING).putLong(1L << 50));
    refuse("not end inside", b -> kind(key(head(b, 0, 1), "k"), STRING).putLong(-5));
  }

  @Test
  void refusesWhatIsNoGguf() {
    assertThatThrownBy(() -> GgufFile.open(Files.write(folder.resolve("x.gguf"), new byte[64])))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining("begin with GGUF");
    refuse("version must be", b -> b.putInt(1).putLong(0).putLong(0));
    refuse("version must be", b -> b.putInt(3 << 24).putLong(0).putLong(0));
    refuse("architecture must be", b -> head(b, 0, 0));
    refuse("general.architecture=gpt9", b -> architecture(head(b, 0, 1), "gpt9"));
  }

  @Test
  void refusesUnknownAndNestedKinds() {
    refuse("value type", b -> kind(key(head(b, 0, 1), "k"), 13).putInt(0));
    refuse("value type", b -> kind(key(head(b, 0, 1), "k"), -1).putInt(0));
    refuse("not nest", b -> kind(key(head(b, 0, 1), "k"), ARRAY).putInt(ARRAY).putLong(1));
  }

  @Test
  void refusesDuplicateKeysAndTensors() {
    refuse(
        "keys must be distinct",
        b -> kind(key(kind(key(head(b, 0, 2), "k"), UINT32).putInt(1), "k"), UINT32).putInt(1));
    refuse(
        "tensors must be distinct",
        b -> {
          architecture(head(b, 2, 1), "llama");
          tensor(b, "output.weight", 0, 0, 4);
          tensor(b, "output.weight", 0, 32, 4);
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 33, 48, 1 << 17, -1})
  void refusesABadAlignment(int alignment) {
    refuse(
        "general.alignment=",
        b -> {
          architecture(head(b, 0, 2), "llama");
          kind(key(b, "general.alignment"), UINT32).putInt(alignment);
        });
  }

  @Test
  void refusesTensorsThatDoNotFit() {
    refuseTensor("inside the file", b -> tensor(b, "output.weight", 0, 0, 4096));
    refuseTensor("overlap or gap", b -> tensor(b, "output.weight", 0, 32, 4));
    refuseTensor("overlap or gap", b -> tensor(b, "output.weight", 0, 1, 4));
    refuseTensor("whole blocks", b -> tensor(b, "output.weight", 2, 0, 33));
    refuseTensor("61 bits", b -> tensor(b, "output.weight", 0, 0, 1L << 31, 1L << 31));
    refuseTensor("61 bits", b -> tensor(b, "output.weight", 0, 0, Long.MAX_VALUE));
    refuseTensor("positive", b -> tensor(b, "output.weight", 0, 0, -4));
    refuseTensor("positive", b -> tensor(b, "output.weight", 0, 0, 0));
    refuseTensor("rank must be", b -> tensor(b, "output.weight", 0, 0));
    refuseTensor("rank must be", b -> tensor(b, "output.weight", 0, 0, 1, 1, 1, 1, 1));
    refuseTensor("type must be one of", b -> tensor(b, "output.weight", 99, 0, 4));
    refuseTensor("tensor must be known", b -> tensor(b, "blk.0.ffn_gate_exps.weight", 0, 0, 4));
    refuseTensor("there must be heads", b -> tensor(b, "blk.0.attn_q.weight", 0, 0, 4));
  }

  @Test
  void refusesEveryTruncationOfAWrittenFile() throws IOException {
    byte[] whole = small();
    int needed = whole.length - 31;
    for (int length = 0; length < needed; length += 1 + length / 50) {
      Path cut = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> GgufFile.open(cut))
          .as("length %d", length)
          .isInstanceOf(CorruptFileException.class);
    }
  }

  /// A valid file of a tiny model with a tokenizer and every kind of value.
  static byte[] small() throws IOException {
    GgufWriter writer = new GgufWriter();
    writer.text("general.architecture", "llama");
    writer.integer("llama.block_count", 1);
    writer.integer("llama.context_length", 64);
    writer.integer("llama.embedding_length", 32);
    writer.integer("llama.feed_forward_length", 8);
    writer.integer("llama.attention.head_count", 2);
    writer.number("llama.attention.layer_norm_rms_epsilon", 1e-5);
    writer.number("llama.rope.freq_base", 10000);
    writer.text("tokenizer.ggml.model", "gpt2");
    writer.text("tokenizer.ggml.pre", "smollm");
    writer.flag("tokenizer.ggml.add_bos_token", true);
    writer.integer("tokenizer.ggml.bos_token_id", 1);
    writer.texts("tokenizer.ggml.tokens", List.of("a", "bé", "abé"));
    writer.texts("tokenizer.ggml.merges", List.of("a bé"));
    writer.integers("tokenizer.ggml.token_type", new int[] {1, 3, 5});
    writer.tensor("token_embd.weight", GgmlType.Q8_0, new long[] {3, 32}, a -> a.allocate(102));
    writer.tensor("blk.0.attn_q.weight", GgmlType.F32, new long[] {4, 3}, a -> a.allocate(48));
    float[] factors = RopeFactors.of(new RopeFactors.Llama3(10000, 8, 1, 4, 64), 16);
    writer.tensor(
        "rope_freqs.weight",
        GgmlType.F32,
        new long[] {8},
        a -> a.allocateFrom(LittleEndian.FLOAT, factors));
    Path file = Files.createTempFile("small", ".gguf");
    try {
      writer.write(file);
      return Files.readAllBytes(file);
    } finally {
      Files.delete(file);
    }
  }

  private void refuseTensor(String rule, Consumer<ByteBuffer> tensor) {
    refuse(
        rule,
        b -> {
          architecture(head(b, 1, 1), "llama");
          tensor.accept(b);
        });
  }

  private void refuse(String rule, Consumer<ByteBuffer> content) {
    ByteBuffer bytes = ByteBuffer.allocate(600).order(ByteOrder.LITTLE_ENDIAN);
    content.accept(bytes.putInt(0x46554747));
    Path file = folder.resolve("x.gguf");
    try {
      Files.write(file, bytes.array());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    long before = Allocation.ofThread();
    assertThatThrownBy(() -> GgufFile.open(file))
        .isInstanceOf(CorruptFileException.class)
        .hasMessageContaining(rule)
        .hasMessageContaining("file=" + file);
    assertThat(Allocation.ofThread() - before).isLessThan(8L << 20);
  }

  private static ByteBuffer head(ByteBuffer out, long tensors, long keys) {
    return out.putInt(3).putLong(tensors).putLong(keys);
  }

  private static ByteBuffer key(ByteBuffer out, String key) {
    byte[] utf8 = key.getBytes(StandardCharsets.UTF_8);
    return out.putLong(utf8.length).put(utf8);
  }

  private static ByteBuffer kind(ByteBuffer out, int kind) {
    return out.putInt(kind);
  }

  private static void architecture(ByteBuffer out, String name) {
    key(kind(key(out, "general.architecture"), STRING), name);
  }

  private static void tensor(ByteBuffer out, String name, int type, long offset, long... dims) {
    key(out, name).putInt(dims.length);
    for (long dim : dims) {
      out.putLong(dim);
    }
    out.putInt(type).putLong(offset);
  }
}
