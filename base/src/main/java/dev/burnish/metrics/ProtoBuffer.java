package dev.burnish.metrics;

import java.io.ByteArrayOutputStream;

/// Writes the fields of one protocol buffer message.
final class ProtoBuffer {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  ProtoBuffer varint(int field, long value) {
    tag(field, VARINT);
    varint(value);
    return this;
  }

  ProtoBuffer fixed64(int field, double value) {
    tag(field, FIXED64);
    littleEndian(Double.doubleToRawLongBits(value), Long.BYTES);
    return this;
  }

  ProtoBuffer fixed32(int field, float value) {
    tag(field, FIXED32);
    littleEndian(Float.floatToRawIntBits(value), Integer.BYTES);
    return this;
  }

  ProtoBuffer bytes(int field, byte... value) {
    tag(field, LENGTH_DELIMITED);
    varint(value.length);
    out.writeBytes(value);
    return this;
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }

  private void tag(int field, int type) {
    varint(((long) field << 3) | type);
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  private void littleEndian(long value, int numBytes) {
    for (int i = 0; i < numBytes; i++) {
      out.write((int) (value >>> (8 * i)));
    }
  }
}
