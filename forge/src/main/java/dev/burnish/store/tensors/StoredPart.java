package dev.burnish.store.tensors;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;

/// A rank's part of a thing, in memory that its writer wrote. Its blocks are checked when they are
/// first read. Not thread-safe.
final class StoredPart {
  private final String name;
  private final MemorySegment bytes;
  private final List<Integer> digests;
  private final BitSet checked = new BitSet();

  /// @param name in errors
  /// @param digests of the blocks of its bytes
  StoredPart(String name, MemorySegment bytes, List<Integer> digests) {
    this.name = name;
    this.bytes = bytes;
    this.digests = digests;
  }

  MemorySegment bytes() {
    return bytes;
  }

  /// Copies the bytes from an offset on. Blocks that go whole are checked on the way.
  ///
  /// @throws StoreException if they are not those that were put; some are copied then too
  void copyTo(long from, MemorySegment into) {
    long end = from + into.byteSize();
    for (long at = from; at < end; ) {
      long next = Math.min(end, endOf(block(at)));
      if (at % Blocks.SIZE == 0 && next == endOf(block(at))) {
        for (int i = 1; i < Blocks.TOGETHER && next < end && endOf(block(next)) <= end; i++) {
          next = endOf(block(next));
        }
      }
      check(at, next);
      MemorySegment.copy(bytes, at, into, at - from, next - at);
      at = next;
    }
  }

  private static int block(long offset) {
    return (int) (offset / Blocks.SIZE);
  }

  private long endOf(int block) {
    return Math.min(bytes.byteSize(), (block + 1L) * Blocks.SIZE);
  }

  /// Checks the blocks of a range of bytes, as far as they have not been.
  ///
  /// @throws StoreException if they are not those that were put
  void check(long from, long to) {
    for (int block = block(from); from < to && block <= block(to - 1); block++) {
      if (!checked.get(block)) {
        long start = (long) block * Blocks.SIZE;
        requireDigest(block, Blocks.digest(bytes.asSlice(start, endOf(block) - start)));
        checked.set(block);
      }
    }
  }

  private void requireDigest(int block, int digest) {
    if (digest != digests.get(block)) {
      throw new StoreException(
          "a part must have the bytes that were put: %s block=%d digest=%08x put=%08x; put it again"
              .formatted(name, block, digest, digests.get(block)));
    }
  }
}
