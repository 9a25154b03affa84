package dev.burnish.wire;

import java.util.Arrays;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Seeded mutants of valid bytes. A failure gives the seed and mutant to replay.
public final class Fuzz {
  private Fuzz() {}

  /// How many mutants a test tries: a million where `burnish.fuzz` asks for them.
  public static int count() {
    return Integer.getInteger("burnish.fuzz", 100_000);
  }

  /// Passes mutants to a test.
  public static void mutants(byte[] valid, long seed, int count, Consumer<byte[]> test) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    for (int i = 0; i < count; i++) {
      byte[] mutant = mutant(valid, random);
      try {
        test.accept(mutant);
      } catch (RuntimeException | Error e) {
        throw new AssertionError(
            "seed=%d mutant=%d bytes=%s".formatted(seed, i, Arrays.toString(mutant)), e);
      }
    }
  }

  /// A copy with some bytes changed, cut, inserted or repeated.
  public static byte[] mutant(byte[] valid, RandomGenerator random) {
    byte[] bytes = valid.clone();
    int numChanges = 1 + random.nextInt(4);
    for (int i = 0; i < numChanges && bytes.length > 0; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2 -> bytes[at] = (byte) (random.nextBoolean() ? 0xff : 0x7f);
        case 3 -> bytes = Arrays.copyOf(bytes, at);
        case 4 -> bytes = insert(bytes, at, (byte) random.nextInt());
        default -> bytes = repeat(bytes, at, random.nextInt(16));
      }
    }
    return bytes;
  }

  private static byte[] insert(byte[] bytes, int at, byte value) {
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
    System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
    longer[at] = value;
    return longer;
  }

  private static byte[] repeat(byte[] bytes, int at, int length) {
    int size = Math.min(length, bytes.length - at);
    byte[] longer = Arrays.copyOf(bytes, bytes.length + size);
    System.arraycopy(bytes, at, longer, bytes.length, size);
    return longer;
  }
}
