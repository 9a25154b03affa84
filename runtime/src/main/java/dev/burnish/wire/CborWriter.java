package dev.burnish.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Writes the part of CBOR (RFC 8949) that we use: definite lengths, and typed arrays (RFC 8746) in
/// little endian.
final class CborWriter {
  static final int UNSIGNED = 0;
  static final int NEGATIVE = 1;
  static final int BYTES = 2;
  static final int TEXT = 3;
  static final int ARRAY = 4;
  static final int MAP = 5;
  static final int TAG = 6;
  static final int SIMPLE = 7;

  /// The tag of an array of unsigned 16-bit numbers.
  static final int CHARS = 69;

  static final int FALSE = 0xf4;
  static final int TRUE = 0xf5;
  static final int FLOAT = 0xfa;
  static final int DOUBLE = 0xfb;

  private final int maxBytes;
  private byte[] buffer = new byte[64];
  private int size;

  CborWriter(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  byte[] toBytes() {
    return size == buffer.length ? buffer : Arrays.copyOf(buffer, size);
  }

  void head(int major, long argument) {
    int type = major << 5;
    if (argument >= 0 && argument < 24) {
      one((int) (type | argument));
    } else if (argument >= 0 && argument <= 0xff) {
      one(type | 24);
      bigEndian(argument, 1);
    } else if (argument >= 0 && argument <= 0xffff) {
      one(type | 25);
      bigEndian(argument, 2);
    } else if (argument >= 0 && argument <= 0xffff_ffffL) {
      one(type | 26);
      bigEndian(argument, 4);
    } else {
      one(type | 27);
      bigEndian(argument, 8);
    }
  }

  void integer(long value) {
    if (value >= 0) {
      head(UNSIGNED, value);
    } else {
      head(NEGATIVE, ~value);
    }
  }

  void bool(boolean value) {
    one(value ? TRUE : FALSE);
  }

  void float32(float value) {
    one(FLOAT);
    bigEndian(Integer.toUnsignedLong(Float.floatToRawIntBits(value)), 4);
  }

  void float64(double value) {
    one(DOUBLE);
    bigEndian(Double.doubleToRawLongBits(value), 8);
  }

  /// Text as UTF-8; text that UTF-8 cannot encode, because it has an unpaired surrogate, as a typed
  /// array of its characters.
  void text(String value) {
    byte[] bytes = value.getBytes(UTF_8);
    if (isWhole(value, bytes)) {
      head(TEXT, bytes.length);
      raw(bytes);
    } else {
      typed(CHARS, MemorySegment.ofArray(value.toCharArray()));
    }
  }

  /// Whether UTF-8 encodes the text without loss.
  static boolean isWhole(String value, byte[] bytes) {
    return new String(bytes, UTF_8).equals(value);
  }

  void bytes(byte[] value) {
    head(BYTES, value.length);
    raw(value);
  }

  /// The bytes of a primitive array as they lie in memory, under the tag of its type.
  void typed(int tag, MemorySegment elements) {
    head(TAG, tag);
    long length = elements.byteSize();
    reserve(length + 9);
    head(BYTES, length);
    MemorySegment.copy(elements, 0, MemorySegment.ofArray(buffer), size, length);
    size += (int) length;
  }

  private void one(int value) {
    reserve(1);
    buffer[size++] = (byte) value;
  }

  private void bigEndian(long value, int width) {
    reserve(width);
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
      buffer[size++] = (byte) (value >>> shift);
    }
  }

  private void raw(byte[] bytes) {
    reserve(bytes.length);
    System.arraycopy(bytes, 0, buffer, size, bytes.length);
    size += bytes.length;
  }

  private void reserve(long more) {
    long needed = size + more;
    if (needed > maxBytes) {
      throw new IllegalArgumentException(
          "an encoded value of %d bytes or more exceeds wire.maxBytes=%d; pass bulk data as a Region, or raise the limit"
              .formatted(needed, maxBytes));
    }
    if (needed > buffer.length) {
      buffer =
          Arrays.copyOf(buffer, (int) Math.min(maxBytes, Math.max(needed, 2L * buffer.length)));
    }
  }
}
