package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The innermost loop of [PackedGemm]: a few rows of A times one panel of B, all of it in
/// registers.
///
/// Each element of the result is one chain of fused multiply-adds over `k`, from zero, whatever the
/// number of rows: the same bits for a row alone and for a row of a large batch. A is row-major,
/// since the compiler removes bounds checks only of an index that grows by one (with rows
/// interleaved the loop runs at half the speed), and both operands are Java arrays for the same
/// reason. A method may contain only the loop, or the compiler keeps vectors in memory.
final class MicroKernel {
  private static final VectorSpecies<Float> S = Lanes.SPECIES;
  private static final int V = Lanes.WIDTH;

  /// Columns of a panel.
  static final int COLUMNS = 2 * V;

  /// Most rows of a tile: with two columns of vectors, twelve accumulators, which fit sixteen
  /// registers and hide the latency of two multipliers.
  static final int ROWS = 6;

  /// Elements of a tile.
  static final int TILE = ROWS * COLUMNS;

  private MicroKernel() {}

  /// Rows that the next tile takes when `left` rows are left.
  static int rows(int left) {
    return left >= ROWS ? ROWS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
  }

  /// `tile = A B` for `rows` rows of A from `a[a0]` on, `lda` apart, and `k` rows of a panel from
  /// `b[b0]` on.
  ///
  /// @param rows as [#rows] gives
  static void multiply(
      int rows, float[] a, int a0, int lda, float[] b, int b0, int k, float[] tile) {
    switch (rows) {
      case 6 -> six(a, a0, lda, b, b0, k, tile);
      case 4 -> four(a, a0, lda, b, b0, k, tile);
      case 2 -> two(a, a0, lda, b, b0, k, tile);
      default -> one(a, a0, b, b0, k, tile);
    }
  }

  private static void six(float[] a, int a0, int lda, float[] b, int b0, int k, float[] tile) {
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
    int a1 = a0 + lda;
    int a2 = a0 + 2 * lda;
    int a3 = a0 + 3 * lda;
    int a4 = a0 + 4 * lda;
    int a5 = a0 + 5 * lda;
    for (int p = 0; p < k; p++) {
      FloatVector left = FloatVector.fromArray(S, b, b0 + p * 2 * V);
      FloatVector right = FloatVector.fromArray(S, b, b0 + p * 2 * V + V);
      FloatVector x0 = FloatVector.broadcast(S, a[a0 + p]);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = FloatVector.broadcast(S, a[a1 + p]);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = FloatVector.broadcast(S, a[a2 + p]);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = FloatVector.broadcast(S, a[a3 + p]);
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
      FloatVector x4 = FloatVector.broadcast(S, a[a4 + p]);
      c40 = x4.fma(left, c40);
      c41 = x4.fma(right, c41);
      FloatVector x5 = FloatVector.broadcast(S, a[a5 + p]);
      c50 = x5.fma(left, c50);
      c51 = x5.fma(right, c51);
    }
    c00.intoArray(tile, 0);
    c01.intoArray(tile, V);
    c10.intoArray(tile, 2 * V);
    c11.intoArray(tile, 3 * V);
    c20.intoArray(tile, 4 * V);
    c21.intoArray(tile, 5 * V);
    c30.intoArray(tile, 6 * V);
    c31.intoArray(tile, 7 * V);
    c40.intoArray(tile, 8 * V);
    c41.intoArray(tile, 9 * V);
    c50.intoArray(tile, 10 * V);
    c51.intoArray(tile, 11 * V);
  }

  private static void four(float[] a, int a0, int lda, float[] b, int b0, int k, float[] tile) {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    int a1 = a0 + lda;
    int a2 = a0 + 2 * lda;
    int a3 = a0 + 3 * lda;
    for (int p = 0; p < k; p++) {
      FloatVector left = FloatVector.fromArray(S, b, b0 + p * 2 * V);
      FloatVector right = FloatVector.fromArray(S, b, b0 + p * 2 * V + V);
      FloatVector x0 = FloatVector.broadcast(S, a[a0 + p]);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = FloatVector.broadcast(S, a[a1 + p]);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = FloatVector.broadcast(S, a[a2 + p]);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = FloatVector.broadcast(S, a[a3 + p]);
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
    }
    c00.intoArray(tile, 0);
    c01.intoArray(tile, V);
    c10.intoArray(tile, 2 * V);
    c11.intoArray(tile, 3 * V);
    c20.intoArray(tile, 4 * V);
    c21.intoArray(tile, 5 * V);
    c30.intoArray(tile, 6 * V);
    c31.intoArray(tile, 7 * V);
  }

  private static void two(float[] a, int a0, int lda, float[] b, int b0, int k, float[] tile) {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    int a1 = a0 + lda;
    for (int p = 0; p < k; p++) {
      FloatVector left = FloatVector.fromArray(S, b, b0 + p * 2 * V);
      FloatVector right = FloatVector.fromArray(S, b, b0 + p * 2 * V + V);
      FloatVector x0 = FloatVector.broadcast(S, a[a0 + p]);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = FloatVector.broadcast(S, a[a1 + p]);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
    }
    c00.intoArray(tile, 0);
    c01.intoArray(tile, V);
    c10.intoArray(tile, 2 * V);
    c11.intoArray(tile, 3 * V);
  }

  private static void one(float[] a, int a0, float[] b, int b0, int k, float[] tile) {
    FloatVector c0 = FloatVector.zero(S);
    FloatVector c1 = FloatVector.zero(S);
    for (int p = 0; p < k; p++) {
      FloatVector x = FloatVector.broadcast(S, a[a0 + p]);
      c0 = x.fma(FloatVector.fromArray(S, b, b0 + p * 2 * V), c0);
      c1 = x.fma(FloatVector.fromArray(S, b, b0 + p * 2 * V + V), c1);
    }
    c0.intoArray(tile, 0);
    c1.intoArray(tile, V);
  }
}
