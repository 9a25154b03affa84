package dev.burnish.store;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/// CRC32C of memory.
final class Digest {
  /// Bytes that are still in the first cache when they are copied.
  private static final int PIECE = 1 << 13;

  /// A buffer's size is an `int`.
  private static final int BUFFER = 1 << 30;

  private Digest() {}

  static long of(MemorySegment bytes) {
    CRC32C sum = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += BUFFER) {
      sum.update(bytes.asSlice(at, Math.min(BUFFER, bytes.byteSize() - at)).asByteBuffer());
    }
    return sum.getValue();
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
