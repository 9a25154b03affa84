package dev.burnish.kernel;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A kernel's view of an F32 matrix in host memory: the address of its first element, its size, and
/// the distance in elements from one row to the next. Kernels read and write by address; bounds are
/// checked here, once per operation.
record Matrix(long address, int rows, int cols, int stride) {
  /// All of memory. Addresses are its offsets.
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  static Matrix of(Tensor tensor) {
    boolean vector = tensor.rank() == 1;
    if (tensor.dtype() != DType.F32
        || !(tensor.device() instanceof Device.Cpu)
        || tensor.rank() > 2
        || tensor.rank() < 1
        || (tensor.stride(-1) != 1 && tensor.size(-1) > 1)) {
      throw new IllegalArgumentException(
          "a CPU kernel takes F32 matrices with adjacent columns: %s strides of last dim=%d"
              .formatted(tensor, tensor.rank() == 0 ? 0 : tensor.stride(-1)));
    }
    int rows = vector ? 1 : Math.toIntExact(tensor.size(0));
    int cols = Math.toIntExact(tensor.size(-1));
    int stride = vector || rows == 1 ? cols : Math.toIntExact(tensor.stride(0));
    return new Matrix(tensor.address(), rows, cols, stride);
  }

  /// Address of the first element of a row.
  long row(int row) {
    return address + 4L * row * stride;
  }

  /// The columns from `from` on, `count` of them.
  Matrix columns(int from, int count) {
    return new Matrix(address + 4L * from, rows, count, stride);
  }

  /// The rows from `from` on, `count` of them.
  Matrix rows(int from, int count) {
    return new Matrix(row(from), count, cols, stride);
  }

  Matrix block(int fromRow, int numRows, int fromColumn, int numColumns) {
    return new Matrix(row(fromRow) + 4L * fromColumn, numRows, numColumns, stride);
  }

  Matrix expect(String name, int expectedRows, int expectedCols) {
    if (rows != expectedRows || cols != expectedCols) {
      throw new IllegalArgumentException(
          "shape mismatch: %s=[%d, %d] expected=[%d, %d]"
              .formatted(name, rows, cols, expectedRows, expectedCols));
    }
    return this;
  }

  static float get(long address) {
    return MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
  }

  static void set(long address, float value) {
    MEMORY.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
  }
}
