package dev.burnish.gguf;

import dev.burnish.files.AtomicFile;
import dev.burnish.gguf.GgufMetadata.Kind;
import dev.burnish.safetensors.SafetensorsWriter;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.safetensors.TensorBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Writes a GGUF file of version 3, aligned to 32: first all keys and tensors are named, then the
/// file is written in one go, one tensor in memory at a time. It appears whole or not at all.
final class GgufWriter {
  private static final int ALIGNMENT = 32;

  @SuppressWarnings("ArrayRecordComponent") // never leaves the class
  private record Tensor(String name, GgmlType type, long[] shape, long bytes, TensorBytes data) {}

  private final ByteArrayOutputStream pairs = new ByteArrayOutputStream();
  private final List<Tensor> tensors = new ArrayList<>();
  private long keys;

  void text(String key, String value) {
    key(key, Kind.STRING);
    put(pairs, value);
  }

  /// An unsigned integer of 32 bits.
  void integer(String key, long value) {
    if (value < 0 || value > 0xffffffffL) {
      throw new IllegalArgumentException(
          "value must fit 32 bits without sign: key=%s, value=%d".formatted(key, value));
    }
    key(key, Kind.UINT32);
    put(pairs, (int) value);
  }

  void number(String key, double value) {
    key(key, Kind.FLOAT32);
    put(pairs, Float.floatToRawIntBits((float) value));
  }

  void flag(String key, boolean value) {
    key(key, Kind.BOOL);
    pairs.write(value ? 1 : 0);
  }

  void texts(String key, List<String> values) {
    array(key, Kind.STRING, values.size());
    values.forEach(value -> put(pairs, value));
  }

  void integers(String key, int[] values) {
    array(key, Kind.INT32, values.length);
    for (int value : values) {
      put(pairs, value);
    }
  }

  void numbers(String key, float[] values) {
    array(key, Kind.FLOAT32, values.length);
    for (float value : values) {
      put(pairs, Float.floatToRawIntBits(value));
    }
  }

  /// @param shape extents outermost first; rows must be whole blocks of the type
  void tensor(String name, GgmlType type, long[] shape, TensorBytes data) {
    long bytes = type.bytes(StoredTensor.elements(shape));
    tensors.add(new Tensor(name, type, shape.clone(), bytes, data));
  }

  void write(Path file) {
    AtomicFile.write(file, this::writeTo);
  }

  private void writeTo(AtomicFile.Output output) throws IOException {
    byte[] header = header();
    output.write(ByteBuffer.wrap(header));
    pad(output, header.length);
    for (Tensor tensor : tensors) {
      try (Arena arena = Arena.ofShared()) {
        SafetensorsWriter.writeData(output, tensor.data.in(arena));
      }
      pad(output, tensor.bytes);
    }
  }

  private byte[] header() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    put(out, GgufHeader.MAGIC);
    put(out, 3);
    put(out, (long) tensors.size());
    put(out, keys);
    out.writeBytes(pairs.toByteArray());
    long offset = 0;
    for (Tensor tensor : tensors) {
      put(out, tensor.name);
      put(out, tensor.shape.length);
      for (int i = tensor.shape.length - 1; i >= 0; i--) {
        put(out, tensor.shape[i]);
      }
      put(out, tensor.type.id());
      put(out, offset);
      offset += Math.ceilDiv(tensor.bytes, ALIGNMENT) * ALIGNMENT;
    }
    return out.toByteArray();
  }

  private static void pad(AtomicFile.Output output, long written) throws IOException {
    int missing = (int) (Math.ceilDiv(written, ALIGNMENT) * ALIGNMENT - written);
    output.write(ByteBuffer.allocate(missing));
  }

  private void key(String key, Kind kind) {
    keys++;
    put(pairs, key);
    put(pairs, kind.number());
  }

  private void array(String key, Kind element, long count) {
    key(key, Kind.ARRAY);
    put(pairs, element.number());
    put(pairs, count);
  }

  private static void put(ByteArrayOutputStream out, String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    put(out, (long) utf8.length);
    out.writeBytes(utf8);
  }

  private static void put(ByteArrayOutputStream out, int value) {
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private static void put(ByteArrayOutputStream out, long value) {
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }
}
