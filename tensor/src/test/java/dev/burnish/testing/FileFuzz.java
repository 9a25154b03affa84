package dev.burnish.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.safetensors.CorruptFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Seeded mutations of real files: each mutant is read, or refused with [CorruptFileException],
/// within 64 MB and without hanging. `-Dburnish.fuzz.mutants=1000000` runs more than the default.
public final class FileFuzz {
  private static final int MUTANTS = Integer.getInteger("burnish.fuzz.mutants", 60_000) / 3;
  private static final long SEED = Long.getLong("burnish.fuzz.seed", 20_260_101L);
  private static final long MAX_ALLOCATION = 64L << 20;
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

  /// Reads a mutant as far as a user of it would.
  public interface Reader {
    void read(byte[] mutant) throws IOException;
  }

  private FileFuzz() {}

  /// Reads mutants of `real` with the reader, which should refuse most of them.
  public static void fuzz(String name, byte[] real, Reader reader) throws IOException {
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
