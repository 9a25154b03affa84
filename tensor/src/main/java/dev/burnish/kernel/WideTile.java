package dev.burnish.kernel;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Tiles for 512-bit registers: sixteen accumulators of thirty-two registers hide the latency of
/// two multipliers. Both operands are read where they are, in native memory. Panels lie at
/// multiples of 64 bytes, so that no load takes two cache lines: an array's elements begin 16 bytes
/// into one. A method may contain little but the loop, and pass no vector to another method, or the
/// compiler keeps vectors in memory.
///
/// Weights of all formats are read as they are kept, and converted in registers. For each format
/// there is a class of its own, made of this one's file by [WideTiles]: in each the format is a
/// constant, so that its loops have that conversion and nothing else.
final class WideTile extends Tile {
  private static final WeightFormat FORMAT = WideTiles.format(MethodHandles.lookup());
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_512;
  static final int WIDTH = S.length();

  /// Bytes of a vector.
  private static final long LINE = 4L * WIDTH;

  /// Most rows of a tile.
  static final int ROWS = 8;

  // Address of the first row of A, and bytes from one row to the next.
  private long a;
  private long stride;
  // Where each segment of the panel is, and the present one.
  private final long[] parts = new long[Segments.MOST];
  private long b;
  // A step of loops that is no constant, so that the compiler does not unroll them: with few rows,
  // the loads of unrolled loops reach memory at half the speed.
  private int one = 1;

  @Override
  void panel(PanelSource w, int panel, int segment, Segments segments, long room) {
    int from = segments.start(segment);
    parts[segment] =
        FORMAT == WeightFormat.F32
            ? w.panel(panel, from, segments.length(segment), room)
            : w.at(panel, from);
  }

  @Override
  void operands(Left left, int row, int segment, Segments segments) {
    a = left.matrix().row(row) + 4L * segments.start(segment);
    stride = 4L * left.matrix().stride();
    b = parts[segment];
    k = segments.length(segment);
  }

  @Override
  int rows(int left) {
    return left >= ROWS ? ROWS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
  }

  @Override
  void multiply(int count) {
    switch (count) {
      case 8 -> eight();
      case 4 -> four();
      case 2 -> two();
      default -> one();
    }
  }

  /// The first half of a panel's columns at element `p`.
  private static FloatVector left(long panel, int p) {
    if (FORMAT == WeightFormat.BF16) {
      return words(panel, p).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }
    return FORMAT == WeightFormat.INT8 ? numbers(panel, p, 0) : floats(panel, p, 0);
  }

  /// The second half.
  private static FloatVector right(long panel, int p) {
    if (FORMAT == WeightFormat.BF16) {
      return words(panel, p).and(0xffff0000).reinterpretAsFloats();
    }
    return FORMAT == WeightFormat.INT8 ? numbers(panel, p, WIDTH) : floats(panel, p, WIDTH);
  }

  private static FloatVector floats(long panel, int p, int column) {
    long address = panel + 4L * (2L * WIDTH * p + column);
    return FloatVector.fromMemorySegment(S, Matrix.MEMORY, address, Matrix.ORDER);
  }

  private static IntVector words(long panel, int p) {
    return IntVector.fromMemorySegment(
        IntVector.SPECIES_512, Matrix.MEMORY, panel + LINE * p, Matrix.ORDER);
  }

  private static FloatVector numbers(long panel, int p, int column) {
    long address = panel + 2L * WIDTH * p + column;
    return (FloatVector)
        ByteVector.fromMemorySegment(ByteVector.SPECIES_128, Matrix.MEMORY, address, Matrix.ORDER)
            .convertShape(VectorOperators.B2F, S, 0);
  }

  private static FloatVector all(long row, int p) {
    return FloatVector.broadcast(
        S, Matrix.MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED, row + 4L * p));
  }

  private void eight() {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    FloatVector c40 = FloatVector.zero(S);
    FloatVector c41 = FloatVector.zero(S);
    FloatVector c50 = FloatVector.zero(S);
    FloatVector c51 = FloatVector.zero(S);
    FloatVector c60 = FloatVector.zero(S);
    FloatVector c61 = FloatVector.zero(S);
    FloatVector c70 = FloatVector.zero(S);
    FloatVector c71 = FloatVector.zero(S);
    long a0 = a;
    long a1 = a0 + stride;
    long a2 = a1 + stride;
    long a3 = a2 + stride;
    long a4 = a3 + stride;
    long a5 = a4 + stride;
    long a6 = a5 + stride;
    long a7 = a6 + stride;
    long panel = b;
    int count = k;
    // Bytes are converted faster in a counted loop.
    int step = FORMAT == WeightFormat.INT8 ? 1 : one;
    for (int p = 0; p < count; p += step) {
      FloatVector left = left(panel, p);
      FloatVector right = right(panel, p);
      FloatVector x0 = all(a0, p);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = all(a1, p);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = all(a2, p);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = all(a3, p);
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
      FloatVector x4 = all(a4, p);
      c40 = x4.fma(left, c40);
      c41 = x4.fma(right, c41);
      FloatVector x5 = all(a5, p);
      c50 = x5.fma(left, c50);
      c51 = x5.fma(right, c51);
      FloatVector x6 = all(a6, p);
      c60 = x6.fma(left, c60);
      c61 = x6.fma(right, c61);
      FloatVector x7 = all(a7, p);
      c70 = x7.fma(left, c70);
      c71 = x7.fma(right, c71);
    }
    long target = out;
    c00.intoMemorySegment(Matrix.MEMORY, target, Matrix.ORDER);
    c01.intoMemorySegment(Matrix.MEMORY, target + LINE, Matrix.ORDER);
    c10.intoMemorySegment(Matrix.MEMORY, target + 2 * LINE, Matrix.ORDER);
    c11.intoMemorySegment(Matrix.MEMORY, target + 3 * LINE, Matrix.ORDER);
    c20.intoMemorySegment(Matrix.MEMORY, target + 4 * LINE, Matrix.ORDER);
    c21.intoMemorySegment(Matrix.MEMORY, target + 5 * LINE, Matrix.ORDER);
    c30.intoMemorySegment(Matrix.MEMORY, target + 6 * LINE, Matrix.ORDER);
    c31.intoMemorySegment(Matrix.MEMORY, target + 7 * LINE, Matrix.ORDER);
    c40.intoMemorySegment(Matrix.MEMORY, target + 8 * LINE, Matrix.ORDER);
    c41.intoMemorySegment(Matrix.MEMORY, target + 9 * LINE, Matrix.ORDER);
    c50.intoMemorySegment(Matrix.MEMORY, target + 10 * LINE, Matrix.ORDER);
    c51.intoMemorySegment(Matrix.MEMORY, target + 11 * LINE, Matrix.ORDER);
    c60.intoMemorySegment(Matrix.MEMORY, target + 12 * LINE, Matrix.ORDER);
    c61.intoMemorySegment(Matrix.MEMORY, target + 13 * LINE, Matrix.ORDER);
    c70.intoMemorySegment(Matrix.MEMORY, target + 14 * LINE, Matrix.ORDER);
    c71.intoMemorySegment(Matrix.MEMORY, target + 15 * LINE, Matrix.ORDER);
  }

  private void four() {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    long a0 = a;
    long a1 = a0 + stride;
    long a2 = a1 + stride;
    long a3 = a2 + stride;
    long panel = b;
    int count = k;
    int step = one;
    for (int p = 0; p < count; p += step) {
      FloatVector left = left(panel, p);
      FloatVector right = right(panel, p);
      FloatVector x0 = all(a0, p);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = all(a1, p);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = all(a2, p);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = all(a3, p);
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
    }
    long target = out;
    c00.intoMemorySegment(Matrix.MEMORY, target, Matrix.ORDER);
    c01.intoMemorySegment(Matrix.MEMORY, target + LINE, Matrix.ORDER);
    c10.intoMemorySegment(Matrix.MEMORY, target + 2 * LINE, Matrix.ORDER);
    c11.intoMemorySegment(Matrix.MEMORY, target + 3 * LINE, Matrix.ORDER);
    c20.intoMemorySegment(Matrix.MEMORY, target + 4 * LINE, Matrix.ORDER);
    c21.intoMemorySegment(Matrix.MEMORY, target + 5 * LINE, Matrix.ORDER);
    c30.intoMemorySegment(Matrix.MEMORY, target + 6 * LINE, Matrix.ORDER);
    c31.intoMemorySegment(Matrix.MEMORY, target + 7 * LINE, Matrix.ORDER);
  }

  private void two() {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    long a0 = a;
    long a1 = a0 + stride;
    long panel = b;
    int count = k;
    int step = one;
    for (int p = 0; p < count; p += step) {
      FloatVector left = left(panel, p);
      FloatVector right = right(panel, p);
      FloatVector x0 = all(a0, p);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = all(a1, p);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
    }
    long target = out;
    c00.intoMemorySegment(Matrix.MEMORY, target, Matrix.ORDER);
    c01.intoMemorySegment(Matrix.MEMORY, target + LINE, Matrix.ORDER);
    c10.intoMemorySegment(Matrix.MEMORY, target + 2 * LINE, Matrix.ORDER);
    c11.intoMemorySegment(Matrix.MEMORY, target + 3 * LINE, Matrix.ORDER);
  }

  private void one() {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    long a0 = a;
    long panel = b;
    int count = k;
    int step = one;
    for (int p = 0; p < count; p += step) {
      FloatVector left = left(panel, p);
      FloatVector right = right(panel, p);
      FloatVector x0 = all(a0, p);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
    }
    long target = out;
    c00.intoMemorySegment(Matrix.MEMORY, target, Matrix.ORDER);
    c01.intoMemorySegment(Matrix.MEMORY, target + LINE, Matrix.ORDER);
  }
}
