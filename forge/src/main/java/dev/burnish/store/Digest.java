package dev.burnish.store;

import dev.burnish.nn.Weights;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/// CRC32C of memory, and of weights in it.
public final class Digest {
  /// Bytes that are still in a cache when they are copied, and so many that the copy writes past
  /// the caches, as the JVM does above 2.5 MB: memory that is only written is not read before.
  private static final int PIECE = 3 << 20;

  /// A buffer's size is an `int`.
  private static final int BUFFER = 1 << 30;

  private Digest() {}

  /// The digest of the values of each part of weights in host memory, as a [Manifest] has it.
  public static List<Long> ofParts(Weights weights) {
    return IntStream.range(0, weights.numParts())
        .mapToObj(part ->
            weights.layouts().get(part).size() == 0
                ? of(MemorySegment.NULL)
                : of(weights.part(part).segment()))
        .toList();
  }

  /// The sum of bytes.
  public static long of(MemorySegment bytes) {
    CRC32C sum = new CRC32C();
    add(bytes, sum);
    return sum.getValue();
  }

  static void add(MemorySegment bytes, CRC32C sum) {
    for (long at = 0; at < bytes.byteSize(); at += BUFFER) {
      sum.update(bytes.asSlice(at, Math.min(BUFFER, bytes.byteSize() - at)).asByteBuffer());
    }
  }

  /// Copies bytes and returns their digest; they are read from memory once.
  static long copy(MemorySegment from, MemorySegment to) {
    CRC32C sum = new CRC32C();
    for (long at = 0; at < from.byteSize(); at += PIECE) {
      long size = Math.min(PIECE, from.byteSize() - at);
      MemorySegment piece = from.asSlice(at, size);
      sum.update(piece.asByteBuffer());
      MemorySegment.copy(piece, 0, to, at, size);
    }
    return sum.getValue();
  }
}
