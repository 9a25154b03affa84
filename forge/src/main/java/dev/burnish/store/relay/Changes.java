package dev.burnish.store.relay;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.burnish.store.WeightsException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.OptionalLong;

/// The bits in which values differ from those of a version before, compressed.
///
/// An optimizer's step changes nearly all elements of F32 weights, but mostly their low bits: the
/// exclusive or of both has zeroes in its upper bytes. So it is taken apart into planes, the first
/// bytes of all elements, then the second ones, and so on, and each block of them is compressed by
/// Zstandard: planes of zeroes vanish, those of noise stay as they are, at the speed of a copy.
///
/// Form: for each block of values an `int`, the bytes that follow, and those.
final class Changes {
  /// Bytes of values of a block.
  private static final int BLOCK = 1 << 20;

  private static final int LEVEL = 1;
  private static final String SINCE = " since ";
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private Changes() {}

  /// Changes since a version are a set of their own: of which, and since when.
  record Since(String set, long version) {
    String name() {
      return set + SINCE + version;
    }

    /// The changes that a set consists of; empty if it is a set of weights.
    static Optional<Since> parse(String name) {
      int at = name.lastIndexOf(SINCE);
      try {
        return at < 0
            ? Optional.empty()
            : Optional.of(
                new Since(
                    name.substring(0, at), Long.parseLong(name.substring(at + SINCE.length()))));
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
    }
  }

  /// Bytes that changes may take: more are not worth it.
  static long most(long bytes) {
    return bytes / 10 * 9;
  }

  /// Writes the changes from one to another.
  ///
  /// @param before as many bytes as `now`, a multiple of four
  /// @param out of [#most] bytes
  /// @return the bytes that they take; empty if they do not fit
  static OptionalLong write(MemorySegment before, MemorySegment now, MemorySegment out) {
    int[] one = new int[BLOCK / Integer.BYTES];
    int[] other = new int[BLOCK / Integer.BYTES];
    byte[] planes = new byte[BLOCK];
    byte[] packed = new byte[Math.toIntExact(Zstd.compressBound(BLOCK))];
    long end = 0;
    for (long at = 0; at < now.byteSize(); at += BLOCK) {
      int size = (int) Math.min(BLOCK, now.byteSize() - at);
      MemorySegment.copy(before, INT, at, one, 0, size / Integer.BYTES);
      MemorySegment.copy(now, INT, at, other, 0, size / Integer.BYTES);
      takeApart(one, other, planes, size / Integer.BYTES);
      int bytes = (int) Zstd.compressByteArray(packed, 0, packed.length, planes, 0, size, LEVEL);
      if (end + Integer.BYTES + bytes > out.byteSize()) {
        return OptionalLong.empty();
      }
      out.set(INT, end, bytes);
      MemorySegment.copy(packed, 0, out, ValueLayout.JAVA_BYTE, end + Integer.BYTES, bytes);
      end += Integer.BYTES + bytes;
    }
    return OptionalLong.of(end);
  }

  private static void takeApart(int[] one, int[] other, byte[] planes, int count) {
    for (int i = 0; i < count; i++) {
      int changed = one[i] ^ other[i];
      planes[i] = (byte) (changed >>> 24);
      planes[count + i] = (byte) (changed >>> 16);
      planes[2 * count + i] = (byte) (changed >>> 8);
      planes[3 * count + i] = (byte) changed;
    }
  }

  /// Makes values from those before and the changes.
  ///
  /// @throws WeightsException if these are no changes of so many bytes
  static void apply(MemorySegment before, MemorySegment changes, MemorySegment now) {
    int[] values = new int[BLOCK / Integer.BYTES];
    byte[] planes = new byte[BLOCK];
    byte[] packed = new byte[Math.toIntExact(Zstd.compressBound(BLOCK))];
    long from = 0;
    for (long at = 0; at < now.byteSize(); at += BLOCK) {
      int size = (int) Math.min(BLOCK, now.byteSize() - at);
      int bytes = bytes(changes, from, packed.length);
      MemorySegment.copy(changes, ValueLayout.JAVA_BYTE, from + Integer.BYTES, packed, 0, bytes);
      unpack(packed, bytes, planes, size);
      MemorySegment.copy(before, INT, at, values, 0, size / Integer.BYTES);
      putTogether(values, planes, size / Integer.BYTES);
      MemorySegment.copy(values, 0, now, INT, at, size / Integer.BYTES);
      from += Integer.BYTES + bytes;
    }
  }

  private static int bytes(MemorySegment changes, long at, int most) {
    int bytes = at + Integer.BYTES > changes.byteSize() ? 0 : changes.get(INT, at);
    if (bytes < 1 || bytes > most || at + Integer.BYTES + bytes > changes.byteSize()) {
      throw new WeightsException(
          "a block of changes must be within them: at=%d bytes=%d of=%d"
              .formatted(at, bytes, changes.byteSize()));
    }
    return bytes;
  }

  private static void unpack(byte[] packed, int bytes, byte[] planes, int size) {
    long unpacked;
    try {
      unpacked = Zstd.decompressByteArray(planes, 0, size, packed, 0, bytes);
    } catch (ZstdException e) {
      throw new WeightsException("changes must be as they were written: " + e.getMessage());
    }
    if (unpacked != size) {
      throw new WeightsException(
          "a block of changes must have its values: bytes=%d expected=%d"
              .formatted(unpacked, size));
    }
  }

  private static void putTogether(int[] values, byte[] planes, int count) {
    for (int i = 0; i < count; i++) {
      values[i] ^=
          (planes[i] << 24)
              | ((planes[count + i] & 0xff) << 16)
              | ((planes[2 * count + i] & 0xff) << 8)
              | (planes[3 * count + i] & 0xff);
    }
  }
}
