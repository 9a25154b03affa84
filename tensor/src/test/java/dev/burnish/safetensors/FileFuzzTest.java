package dev.burnish.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Seeded mutations of real files: each mutant is read, or refused with [CorruptFileException],
/// within 64 MB and without hanging. `-Dburnish.fuzz.mutants=1000000` runs more than the default.
class FileFuzzTest {
  private static final int MUTANTS = Integer.getInteger("burnish.fuzz.mutants", 60_000) / 3;
  private static final long SEED = Long.getLong("burnish.fuzz.seed", 20_260_101L);
  private static final long MAX_ALLOCATION = 64L << 20;
  private static final Path LABEL = Path.of("mutant");
  private static final List<byte[]> WORDS =
      List.of(
              "\"t\":",
              "[",
              "{",
              "}",
              "]",
              ",",
              "\"",
              "0",
              "-1",
              "9223372036854775807",
              "1e9",
              "../")
          .stream()
          .map(word -> word.getBytes(StandardCharsets.UTF_8))
          .toList();

  @TempDir Path folder;

  /// Reads a mutant as far as a user of it would.
  private interface Reader {
    void read(byte[] mutant) throws IOException;
  }

  @Test
  void safetensorsMutantsAreReadOrRefused() throws IOException {
    byte[] real = Files.readAllBytes(SharedFiles.data("oracle/models/qwen2/model.safetensors"));
    int header = 8 + (int) ByteBuffer.wrap(real).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    int data = real.length - header;
    byte[] room = new byte[2 * real.length];
    fuzz(
        "safetensors",
        Arrays.copyOf(real, header),
        mutant -> readSafetensors(fitted(mutant), data, room));
  }

  @Test
  void ggufMutantsAreReadOrRefused() throws IOException {
    fuzz("gguf", HostileGgufTest.small(), this::readGguf);
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
    fuzz("index", real, mutant -> readIndex(index, mutant));
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

  private void readGguf(byte[] mutant) {
    try (GgufFile file = GgufFile.of(LABEL, MemorySegment.ofArray(mutant))) {
      for (String name : file.names()) {
        file.get(name);
      }
      GgufMetadata metadata = file.metadata();
      for (String key : metadata.keys()) {
        if (metadata.isText(key)) {
          metadata.text(key);
        }
      }
      GgufConfig.config(file);
      GgufConfig.generationConfig(file);
      GgufTokenizer.tokenizer(file);
      GgufTokenizer.tokenizerConfig(file);
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

  private static void fuzz(String name, byte[] real, Reader reader) throws IOException {
    Random random = new Random(SEED);
    Map<String, Integer> outcomes = new HashMap<>();
    long most = 0;
    long slowest = 0;
    long start = System.nanoTime();
    for (int i = 0; i < MUTANTS; i++) {
      long seed = random.nextLong();
      byte[] mutant = mutate(real, new Random(seed));
      long allocated = Allocation.ofThread();
      long began = System.nanoTime();
      outcomes.merge(outcome(reader, mutant, seed), 1, Integer::sum);
      slowest = Math.max(slowest, System.nanoTime() - began);
      most = Math.max(most, Allocation.ofThread() - allocated);
      assertThat(most).as("allocation with seed %d", seed).isLessThan(MAX_ALLOCATION);
    }
    System.out.printf(
        "fuzz %s: %d mutants in %.1f s, %s, most allocated %.1f MB, slowest %.1f ms%n",
        name, MUTANTS, (System.nanoTime() - start) / 1e9, outcomes, most / 1e6, slowest / 1e6);
    assertThat(outcomes.get("refused")).isGreaterThan(MUTANTS / 2);
  }

  private static String outcome(Reader reader, byte[] mutant, long seed) {
    try {
      reader.read(mutant);
      return "read";
    } catch (CorruptFileException e) {
      return "refused";
    } catch (IOException | RuntimeException | Error e) {
      throw new AssertionError("mutant with seed " + seed, e);
    }
  }

  /// One to four changes: bits, bytes, whole integers, insertions, deletions, cuts, copies.
  private static byte[] mutate(byte[] real, Random random) {
    byte[] mutant = real.clone();
    for (int n = 1 + random.nextInt(4); n > 0 && mutant.length > 0; n--) {
      int at = random.nextInt(mutant.length);
      switch (random.nextInt(8)) {
        case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> mutant[at] = (byte) random.nextInt(256);
        case 2 -> integer(mutant, at, random);
        case 3 -> mutant = replace(mutant, at, at, WORDS.get(random.nextInt(WORDS.size())));
        case 4 ->
            mutant =
                replace(mutant, at, Math.min(mutant.length, at + random.nextInt(40)), new byte[0]);
        case 5 -> mutant = Arrays.copyOf(mutant, random.nextInt(mutant.length));
        case 6 -> {
          int end = Math.min(mutant.length, at + random.nextInt(80));
          mutant = replace(mutant, at, at, Arrays.copyOfRange(mutant, at, end));
        }
        default -> mutant[at] = (byte) "0123456789\"{}[],:".charAt(random.nextInt(17));
      }
    }
    return mutant;
  }

  private static void integer(byte[] mutant, int at, Random random) {
    long[] values = {
      0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 60, 1L << 31, random.nextLong()
    };
    if (at + 8 <= mutant.length) {
      long value = values[random.nextInt(values.length)];
      ByteBuffer.wrap(mutant).order(ByteOrder.LITTLE_ENDIAN).putLong(at, value);
    }
  }

  private static byte[] replace(byte[] bytes, int from, int to, byte[] with) {
    byte[] out = new byte[bytes.length - (to - from) + with.length];
    System.arraycopy(bytes, 0, out, 0, from);
    System.arraycopy(with, 0, out, from, with.length);
    System.arraycopy(bytes, to, out, from + with.length, bytes.length - to);
    return out;
  }
}
