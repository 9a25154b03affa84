package dev.burnish.kernel;

import dev.burnish.tensor.Tensor;
import java.util.List;

/// Where matrices lie in one run of memory that is packed for products on the CPU: all that a
/// process must know of memory that another one packed.
///
/// A matrix `[outputs, inputs]` is a run of panels of `columns` outputs each; the last one is
/// filled up with zeros. A panel has its inputs one after the other, for each the weights of its
/// outputs. In [WeightFormat#F32] these are floats; in [WeightFormat#BF16] a panel's outputs `j`
/// and `j + columns / 2` share one word of 32 bits, `j` in its lower half; in [WeightFormat#INT8] a
/// panel begins with a scale of each output, a float, and the weights are bytes. Matrices, and
/// panels in that format, begin at multiples of 64 bytes of memory that does so itself. Byte order
/// is the machine's.
///
/// @param columns of a panel: two vector registers of floats, of this machine's width
public record PackedLayout(WeightFormat format, int columns, List<Shape> matrices) {
  /// Bytes at whose multiples memory and matrices begin: a cache line, and the largest register.
  public static final int ALIGNMENT = 64;

  /// @param outputs rows of the matrix
  /// @param inputs columns of the matrix
  public record Shape(int outputs, int inputs) {
    public Shape {
      if (outputs < 1 || inputs < 1) {
        throw new IllegalArgumentException(
            "a packed matrix must not be empty: outputs=%d inputs=%d".formatted(outputs, inputs));
      }
    }

    /// That of a matrix `[outputs, inputs]`.
    public static Shape of(Tensor matrix) {
      return new Shape(Math.toIntExact(matrix.size(0)), Math.toIntExact(matrix.size(1)));
    }
  }

  public PackedLayout {
    if (columns < 2 || columns % 2 != 0) {
      throw new IllegalArgumentException("a panel must be two vectors wide: columns=" + columns);
    }
    matrices = List.copyOf(matrices);
  }

  /// The layout that the kernels of this machine read.
  public static PackedLayout ofThisMachine(WeightFormat format, List<Shape> matrices) {
    return new PackedLayout(format, Tile.Form.ofThisMachine().columns(), matrices);
  }

  /// Whether the kernels of this machine read it.
  public boolean isOfThisMachine() {
    return columns == Tile.Form.ofThisMachine().columns();
  }

  /// A matrix of it in memory that begins at an address.
  Panels panels(long address, int matrix) {
    Shape shape = matrices.get(matrix);
    return new Panels(address + offset(matrix), format, columns, shape.outputs(), shape.inputs());
  }

  static int panels(int outputs, int columns) {
    return (outputs + columns - 1) / columns;
  }

  private long bytes(Shape shape) {
    long panels = (shape.outputs() - 1L) / columns + 1;
    return aligned(Math.multiplyExact(panels, panelBytes(format, columns, shape.inputs())));
  }

  /// Bytes of a panel: of its weights, and of their scales.
  static long panelBytes(WeightFormat format, int columns, int inputs) {
    long weights = Math.multiplyExact(Math.multiplyExact((long) columns, inputs), format.bytes());
    return switch (format) {
      case F32, BF16 -> weights;
      case INT8 -> aligned(Math.addExact(weights, 4L * columns));
    };
  }

  private static long aligned(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /// Where a matrix begins; after the last one, [#bytes].
  public long offset(int matrix) {
    return matrices.subList(0, matrix).stream().mapToLong(this::bytes).reduce(0, Math::addExact);
  }

  /// Size of the memory.
  ///
  /// @throws ArithmeticException if it is no `long`
  public long bytes() {
    return offset(matrices.size());
  }
}
