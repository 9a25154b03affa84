package dev.burnish.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;

/// Reads the output of [CborWriter], and refuses everything else. Nothing is allocated for a length
/// that the remaining bytes do not have.
final class CborReader {
  private final byte[] bytes;
  private int position;

  CborReader(byte[] bytes) {
    this.bytes = bytes;
  }

  /// The argument of an item header that must be of this major type.
  private long head(int major) {
    int initial = one();
    if (initial >>> 5 != major) {
      throw malformed("a value of major type %d is expected: initial=%d".formatted(major, initial));
    }
    int info = initial & 31;
    return switch (info) {
      case 24 -> bigEndian(1);
      case 25 -> bigEndian(2);
      case 26 -> bigEndian(4);
      case 27 -> bigEndian(8);
      default -> {
        if (info > 27) {
          throw malformed("lengths are definite: initial=" + initial);
        }
        yield info;
      }
    };
  }

  long integer() {
    int major = peek() >>> 5;
    long argument = head(major == CborWriter.NEGATIVE ? major : CborWriter.UNSIGNED);
    if (argument < 0) {
      throw malformed("an integer has 64 bits: argument=" + Long.toUnsignedString(argument));
    }
    return major == CborWriter.NEGATIVE ? ~argument : argument;
  }

  long integer(long min, long max) {
    long value = integer();
    if (value < min || value > max) {
      throw malformed(
          "an integer is within its type: value=%d min=%d max=%d".formatted(value, min, max));
    }
    return value;
  }

  boolean bool() {
    int initial = one();
    if (initial != CborWriter.FALSE && initial != CborWriter.TRUE) {
      throw malformed("a boolean is expected: initial=" + initial);
    }
    return initial == CborWriter.TRUE;
  }

  float float32() {
    expect(CborWriter.FLOAT);
    return Float.intBitsToFloat((int) bigEndian(4));
  }

  double float64() {
    expect(CborWriter.DOUBLE);
    return Double.longBitsToDouble(bigEndian(8));
  }

  String text() {
    return peek() >>> 5 == CborWriter.TAG ? halves() : utf8();
  }

  /// Text with unpaired surrogates.
  private String halves() {
    String text = new String(typed(CborWriter.CHARS, 2).toArray(ValueLayout.JAVA_CHAR_UNALIGNED));
    if (CborWriter.isWhole(text, text.getBytes(UTF_8))) {
      throw malformed("text is UTF-8 where that has it: length=" + text.length());
    }
    return text;
  }

  private String utf8() {
    int length = length(CborWriter.TEXT, 1);
    try {
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, position, length)).toString();
      position += length;
      return text;
    } catch (CharacterCodingException e) {
      throw new WireException("text is UTF-8: position=" + position, e);
    }
  }

  byte[] bytes() {
    int length = length(CborWriter.BYTES, 1);
    byte[] value = new byte[length];
    System.arraycopy(bytes, position, value, 0, length);
    position += length;
    return value;
  }

  /// The payload of a typed array; copy it out, it is a view.
  MemorySegment typed(int tag, int elementSize) {
    long found = head(CborWriter.TAG);
    if (found != tag) {
      throw malformed("a typed array of tag %d is expected: tag=%d".formatted(tag, found));
    }
    int length = length(CborWriter.BYTES, 1);
    if (length % elementSize != 0) {
      throw malformed(
          "a typed array has whole elements: length=%d elementSize=%d"
              .formatted(length, elementSize));
    }
    MemorySegment view = MemorySegment.ofArray(bytes).asSlice(position, length);
    position += length;
    return view;
  }

  int array() {
    return length(CborWriter.ARRAY, 1);
  }

  void array(int expected) {
    int found = array();
    if (found != expected) {
      throw malformed("an array of %d is expected: size=%d".formatted(expected, found));
    }
  }

  int map() {
    return length(CborWriter.MAP, 2);
  }

  void end() {
    if (position != bytes.length) {
      throw malformed("a value ends with its bytes: left=" + (bytes.length - position));
    }
  }

  /// A count of items of at least `unit` bytes each, which must be there.
  private int length(int major, int unit) {
    long length = head(major);
    if (length < 0 || length > (bytes.length - position) / unit) {
      throw malformed(
          "a length fits its bytes: length=%s left=%d"
              .formatted(Long.toUnsignedString(length), bytes.length - position));
    }
    return (int) length;
  }

  private void expect(int initial) {
    int found = one();
    if (found != initial) {
      throw malformed("initial byte %d is expected: initial=%d".formatted(initial, found));
    }
  }

  private int peek() {
    if (position >= bytes.length) {
      throw malformed("a value is whole: size=" + bytes.length);
    }
    return bytes[position] & 0xff;
  }

  private int one() {
    int value = peek();
    position++;
    return value;
  }

  private long bigEndian(int width) {
    if (bytes.length - position < width) {
      throw malformed("a value is whole: size=" + bytes.length);
    }
    long value = 0;
    for (int i = 0; i < width; i++) {
      value = value << 8 | (bytes[position++] & 0xff);
    }
    return value;
  }

  private WireException malformed(String what) {
    return new WireException(what + " position=" + position);
  }
}
