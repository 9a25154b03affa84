package dev.burnish.store.fetch;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// Digests of a part, one per block, so that a reader checks only what it reads.
public final class Blocks {
  /// Bytes of a block; the last one of a part may be shorter. It is still in a cache when it is
  /// copied.
  public static final int SIZE = 1 << 20;

  /// Blocks that are copied at once. Above 2.5 MB the JVM writes past the caches: memory that is
  /// only written is not read before.
  public static final int TOGETHER = 3;

  private Blocks() {}

  /// The number of blocks of so many bytes.
  public static int count(long bytes) {
    return Math.toIntExact(bytes / SIZE + (bytes % SIZE == 0 ? 0 : 1));
  }

  /// CRC32C of a block.
  public static int digest(MemorySegment block) {
    CRC32C sum = new CRC32C();
    sum.update(block.asByteBuffer());
    return (int) sum.getValue();
  }

  /// Copies bytes, which are read from memory once.
  ///
  /// @return the digest of each block
  public static List<Integer> copy(MemorySegment from, MemorySegment to) {
    List<Integer> digests = new ArrayList<>();
    for (long at = 0; at < from.byteSize(); ) {
      long end = Math.min(at + (long) TOGETHER * SIZE, from.byteSize());
      for (long block = at; block < end; block += SIZE) {
        digests.add(digest(from.asSlice(block, Math.min(SIZE, end - block))));
      }
      MemorySegment.copy(from, at, to, at, end - at);
      at = end;
    }
    return digests;
  }
}
