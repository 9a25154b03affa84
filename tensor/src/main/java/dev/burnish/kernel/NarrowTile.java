package dev.burnish.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Tiles for registers of up to 256 bits: twelve accumulators, which fit sixteen registers and hide
/// the latency of two multipliers. Both operands are Java arrays, A row-major: with one of them in
/// native memory the loop runs at half the speed, with both at 0.85. So rows are copied once per
/// product and panels once per thread. A method may contain little but the loop, and pass no vector
/// to another method, or the compiler keeps vectors in memory.
final class NarrowTile extends Tile {
  private static final VectorSpecies<Float> S =
      Lanes.WIDTH <= 8 ? Lanes.SPECIES : FloatVector.SPECIES_256;
  static final int WIDTH = S.length();

  /// Bytes of a vector.
  private static final long LINE = 4L * WIDTH;

  /// Most rows of a tile.
  static final int ROWS = 6;

  private float[] rows = {};
  private float[] panel = {};
  // Index of the first row of A, and elements from one row to the next.
  private int a;
  private int stride;
  // Index of the panel's first element that meets those of A.
  private int b;

  @Override
  void panel(PanelSource w, int index, int segment, Segments segments, long room) {
    int size = Math.multiplyExact(segments.inner(), 2 * WIDTH);
    if (panel.length < size) {
      panel = new float[size];
    }
    int from = segments.start(segment);
    int count = segments.length(segment);
    MemorySegment.copy(
        Matrix.MEMORY,
        ValueLayout.JAVA_FLOAT_UNALIGNED,
        w.panel(index, from, count, room),
        panel,
        from * 2 * WIDTH,
        count * 2 * WIDTH);
  }

  @Override
  void operands(Left left, int row, int segment, Segments segments) {
    rows = left.copy();
    a = row * segments.inner() + segments.start(segment);
    stride = segments.inner();
    b = segments.start(segment) * 2 * WIDTH;
    k = segments.length(segment);
  }

  @Override
  int rows(int left) {
    return left >= ROWS ? ROWS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
  }

  @Override
  void multiply(int count) {
    switch (count) {
      case 6 -> six();
      case 4 -> four();
      case 2 -> two();
      default -> one();
    }
  }

  private void six() {
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
    float[] x = rows;
    float[] w = panel;
    int a0 = a;
    int a1 = a0 + stride;
    int a2 = a1 + stride;
    int a3 = a2 + stride;
    int a4 = a3 + stride;
    int a5 = a4 + stride;
    int b0 = b;
    int count = k;
    for (int p = 0; p < count; p++) {
      FloatVector left = FloatVector.fromArray(S, w, b0 + p * 2 * WIDTH);
      FloatVector right = FloatVector.fromArray(S, w, b0 + p * 2 * WIDTH + WIDTH);
      FloatVector x0 = FloatVector.broadcast(S, x[a0 + p]);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = FloatVector.broadcast(S, x[a1 + p]);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = FloatVector.broadcast(S, x[a2 + p]);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = FloatVector.broadcast(S, x[a3 + p]);
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
      FloatVector x4 = FloatVector.broadcast(S, x[a4 + p]);
      c40 = x4.fma(left, c40);
      c41 = x4.fma(right, c41);
      FloatVector x5 = FloatVector.broadcast(S, x[a5 + p]);
      c50 = x5.fma(left, c50);
      c51 = x5.fma(right, c51);
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
    float[] x = rows;
    float[] w = panel;
    int a0 = a;
    int a1 = a0 + stride;
    int a2 = a1 + stride;
    int a3 = a2 + stride;
    int b0 = b;
    int count = k;
    for (int p = 0; p < count; p++) {
      FloatVector left = FloatVector.fromArray(S, w, b0 + p * 2 * WIDTH);
      FloatVector right = FloatVector.fromArray(S, w, b0 + p * 2 * WIDTH + WIDTH);
      FloatVector x0 = FloatVector.broadcast(S, x[a0 + p]);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = FloatVector.broadcast(S, x[a1 + p]);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = FloatVector.broadcast(S, x[a2 + p]);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = FloatVector.broadcast(S, x[a3 + p]);
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
    float[] x = rows;
    float[] w = panel;
    int a0 = a;
    int a1 = a0 + stride;
    int b0 = b;
    int count = k;
    for (int p = 0; p < count; p++) {
      FloatVector left = FloatVector.fromArray(S, w, b0 + p * 2 * WIDTH);
      FloatVector right = FloatVector.fromArray(S, w, b0 + p * 2 * WIDTH + WIDTH);
      FloatVector x0 = FloatVector.broadcast(S, x[a0 + p]);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = FloatVector.broadcast(S, x[a1 + p]);
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
    float[] x = rows;
    float[] w = panel;
    int a0 = a;
    int b0 = b;
    int count = k;
    for (int p = 0; p < count; p++) {
      FloatVector left = FloatVector.fromArray(S, w, b0 + p * 2 * WIDTH);
      FloatVector right = FloatVector.fromArray(S, w, b0 + p * 2 * WIDTH + WIDTH);
      FloatVector x0 = FloatVector.broadcast(S, x[a0 + p]);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
    }
    long target = out;
    c00.intoMemorySegment(Matrix.MEMORY, target, Matrix.ORDER);
    c01.intoMemorySegment(Matrix.MEMORY, target + LINE, Matrix.ORDER);
  }
}
