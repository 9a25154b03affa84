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
/// compiler keeps vectors in memory. Nor may it get one from another method of ours: the compiler
/// inlines that only if its counts say that the call is frequent, and they came too late in one
/// process of six, which was several times slower to its end. The loads are therefore written out.
///
/// Weights of all formats are read as they are kept, and converted in registers. For each format
/// there is a class of its own, made of this one's file by [WideTiles]: in each the format is a
/// constant, so that its loops have that conversion and nothing else.
final class WideTile extends Tile {
  private static final WeightFormat FORMAT = WideTiles.format(MethodHandles.lookup());
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_512;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_128;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
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
      FloatVector left;
      FloatVector right;
      if (FORMAT == WeightFormat.F32) {
        long address = panel + 2 * LINE * p;
        left = FloatVector.fromMemorySegment(S, Matrix.MEMORY, address, Matrix.ORDER);
        right = FloatVector.fromMemorySegment(S, Matrix.MEMORY, address + LINE, Matrix.ORDER);
      } else if (FORMAT == WeightFormat.BF16) {
        IntVector words =
            IntVector.fromMemorySegment(INTS, Matrix.MEMORY, panel + LINE * p, Matrix.ORDER);
        left = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        right = words.and(0xffff0000).reinterpretAsFloats();
      } else {
        long address = panel + 2L * WIDTH * p;
        ByteVector first =
            ByteVector.fromMemorySegment(BYTES, Matrix.MEMORY, address, Matrix.ORDER);
        ByteVector second =
            ByteVector.fromMemorySegment(BYTES, Matrix.MEMORY, address + WIDTH, Matrix.ORDER);
        left = (FloatVector) first.convertShape(VectorOperators.B2F, S, 0);
        right = (FloatVector) second.convertShape(VectorOperators.B2F, S, 0);
      }
      FloatVector x0 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a0 + 4L * p));
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a1 + 4L * p));
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a2 + 4L * p));
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a3 + 4L * p));
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
      FloatVector x4 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a4 + 4L * p));
      c40 = x4.fma(left, c40);
      c41 = x4.fma(right, c41);
      FloatVector x5 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a5 + 4L * p));
      c50 = x5.fma(left, c50);
      c51 = x5.fma(right, c51);
      FloatVector x6 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a6 + 4L * p));
      c60 = x6.fma(left, c60);
      c61 = x6.fma(right, c61);
      FloatVector x7 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a7 + 4L * p));
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
      FloatVector left;
      FloatVector right;
      if (FORMAT == WeightFormat.F32) {
        long address = panel + 2 * LINE * p;
        left = FloatVector.fromMemorySegment(S, Matrix.MEMORY, address, Matrix.ORDER);
        right = FloatVector.fromMemorySegment(S, Matrix.MEMORY, address + LINE, Matrix.ORDER);
      } else if (FORMAT == WeightFormat.BF16) {
        IntVector words =
            IntVector.fromMemorySegment(INTS, Matrix.MEMORY, panel + LINE * p, Matrix.ORDER);
        left = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        right = words.and(0xffff0000).reinterpretAsFloats();
      } else {
        long address = panel + 2L * WIDTH * p;
        ByteVector first =
            ByteVector.fromMemorySegment(BYTES, Matrix.MEMORY, address, Matrix.ORDER);
        ByteVector second =
            ByteVector.fromMemorySegment(BYTES, Matrix.MEMORY, address + WIDTH, Matrix.ORDER);
        left = (FloatVector) first.convertShape(VectorOperators.B2F, S, 0);
        right = (FloatVector) second.convertShape(VectorOperators.B2F, S, 0);
      }
      FloatVector x0 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a0 + 4L * p));
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a1 + 4L * p));
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a2 + 4L * p));
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a3 + 4L * p));
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
      FloatVector left;
      FloatVector right;
      if (FORMAT == WeightFormat.F32) {
        long address = panel + 2 * LINE * p;
        left = FloatVector.fromMemorySegment(S, Matrix.MEMORY, address, Matrix.ORDER);
        right = FloatVector.fromMemorySegment(S, Matrix.MEMORY, address + LINE, Matrix.ORDER);
      } else if (FORMAT == WeightFormat.BF16) {
        IntVector words =
            IntVector.fromMemorySegment(INTS, Matrix.MEMORY, panel + LINE * p, Matrix.ORDER);
        left = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        right = words.and(0xffff0000).reinterpretAsFloats();
      } else {
        long address = panel + 2L * WIDTH * p;
        ByteVector first =
            ByteVector.fromMemorySegment(BYTES, Matrix.MEMORY, address, Matrix.ORDER);
        ByteVector second =
            ByteVector.fromMemorySegment(BYTES, Matrix.MEMORY, address + WIDTH, Matrix.ORDER);
        left = (FloatVector) first.convertShape(VectorOperators.B2F, S, 0);
        right = (FloatVector) second.convertShape(VectorOperators.B2F, S, 0);
      }
      FloatVector x0 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a0 + 4L * p));
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a1 + 4L * p));
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
      FloatVector left;
      FloatVector right;
      if (FORMAT == WeightFormat.F32) {
        long address = panel + 2 * LINE * p;
        left = FloatVector.fromMemorySegment(S, Matrix.MEMORY, address, Matrix.ORDER);
        right = FloatVector.fromMemorySegment(S, Matrix.MEMORY, address + LINE, Matrix.ORDER);
      } else if (FORMAT == WeightFormat.BF16) {
        IntVector words =
            IntVector.fromMemorySegment(INTS, Matrix.MEMORY, panel + LINE * p, Matrix.ORDER);
        left = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
        right = words.and(0xffff0000).reinterpretAsFloats();
      } else {
        long address = panel + 2L * WIDTH * p;
        ByteVector first =
            ByteVector.fromMemorySegment(BYTES, Matrix.MEMORY, address, Matrix.ORDER);
        ByteVector second =
            ByteVector.fromMemorySegment(BYTES, Matrix.MEMORY, address + WIDTH, Matrix.ORDER);
        left = (FloatVector) first.convertShape(VectorOperators.B2F, S, 0);
        right = (FloatVector) second.convertShape(VectorOperators.B2F, S, 0);
      }
      FloatVector x0 = FloatVector.broadcast(S, Matrix.MEMORY.get(FLOAT, a0 + 4L * p));
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
    }
    long target = out;
    c00.intoMemorySegment(Matrix.MEMORY, target, Matrix.ORDER);
    c01.intoMemorySegment(Matrix.MEMORY, target + LINE, Matrix.ORDER);
  }
}
