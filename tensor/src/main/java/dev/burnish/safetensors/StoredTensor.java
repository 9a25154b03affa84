package dev.burnish.safetensors;

import dev.burnish.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A named tensor in a file or in memory: little endian, row-major, without padding.
///
/// @param name name as in the file, Hugging Face style
/// @param dtype element type
/// @param shape extent of each dimension, outermost first; empty for a scalar
/// @param data the elements; may be a read-only view of a mapped file, which ends with that file
@SuppressWarnings("ArrayRecordComponent") // a shape is an array throughout; copied in and out
public record StoredTensor(String name, DType dtype, long[] shape, MemorySegment data) {
  public StoredTensor {
    shape = shape.clone();
    long bytes = Math.multiplyExact(elements(shape), (long) dtype.bytes());
    if (data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "data must hold exactly the elements of the shape: tensor=%s, dtype=%s, shape=%s, needs=%d, has=%d bytes"
              .formatted(name, dtype, Arrays.toString(shape), bytes, data.byteSize()));
    }
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /// The same values in another floating-point type, in memory of `arena`; converted through F32.
  ///
  /// @throws IllegalArgumentException if `target` is not a floating-point type
  public StoredTensor as(DType target, Arena arena) {
    if (target == dtype) {
      return this;
    }
    MemorySegment values = data;
    if (dtype != DType.F32) {
      values = arena.allocate(elements() * Float.BYTES, Long.BYTES);
      Float32.decode(dtype, data, values);
    }
    MemorySegment converted = arena.allocate(elements() * target.bytes(), Long.BYTES);
    Float32.encode(target, values, converted);
    return new StoredTensor(name, target, shape, converted);
  }

  /// Number of elements.
  public long elements() {
    return elements(shape);
  }

  /// Number of elements of a shape.
  ///
  /// @throws ArithmeticException where the product does not fit a long or an extent is negative
  public static long elements(long[] shape) {
    long product = 1;
    boolean empty = false;
    for (long extent : shape) {
      if (extent < 0) {
        throw new ArithmeticException("negative extent " + extent);
      }
      empty |= extent == 0;
      product = Math.multiplyExact(product, Math.max(1, extent));
    }
    return empty ? 0 : product;
  }

  @Override
  public String toString() {
    return "%s %s%s".formatted(name, dtype, Arrays.toString(shape));
  }
}
