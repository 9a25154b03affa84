package dev.burnish.gguf;

import dev.burnish.safetensors.Float32;
import dev.burnish.safetensors.LittleEndian;
import dev.burnish.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/// The storage type of a tensor in a GGUF file: blocks of elements, each with its scale where
/// quantised.
enum GgmlType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  BF16(30, 1, 2);

  private final int id;
  private final int blockElements;
  private final int blockBytes;

  GgmlType(int id, int blockElements, int blockBytes) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  static Optional<GgmlType> ofId(long id) {
    return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
  }

  int id() {
    return id;
  }

  int blockElements() {
    return blockElements;
  }

  /// Bytes of `elements`, a multiple of [#blockElements].
  long bytes(long elements) {
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }

  /// The element type that a reader gets: its own where it is a plain float, else F32.
  DType dtype() {
    return switch (this) {
      case F16 -> DType.F16;
      case BF16 -> DType.BF16;
      case F32, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K -> DType.F32;
    };
  }

  boolean isQuantised() {
    return blockElements > 1;
  }

  /// Converts whole blocks to F32, on all cores for large inputs.
  void decode(MemorySegment source, MemorySegment destination) {
    if (!isQuantised()) {
      Float32.decode(dtype(), source, destination);
      return;
    }
    long elements = source.byteSize() / blockBytes * blockElements;
    Float32.parallel(
        elements,
        source,
        destination,
        (from, count) -> {
          byte[] raw = new byte[Math.toIntExact(bytes(count))];
          MemorySegment.copy(source, ValueLayout.JAVA_BYTE, bytes(from), raw, 0, raw.length);
          float[] out = new float[count];
          GgmlBlocks.decode(this, raw, out);
          MemorySegment.copy(out, 0, destination, LittleEndian.FLOAT, from * Float.BYTES, count);
        });
  }

  /// Converts F32 to this type, on all cores for large inputs: F32, F16, BF16 or Q8_0.
  ///
  /// @param source whole blocks
  void encode(MemorySegment source, MemorySegment destination) {
    if (this != Q8_0) {
      Float32.encode(dtype(), source, destination);
      return;
    }
    Float32.parallel(
        source.byteSize() / Float.BYTES,
        source,
        destination,
        (from, count) -> {
          float[] in = new float[count];
          MemorySegment.copy(source, LittleEndian.FLOAT, from * Float.BYTES, in, 0, count);
          byte[] out = new byte[Math.toIntExact(bytes(count))];
          GgmlBlocks.encodeQ8(in, out);
          MemorySegment.copy(out, 0, destination, ValueLayout.JAVA_BYTE, bytes(from), out.length);
        });
  }
}
