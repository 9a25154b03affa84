package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Matrix products too small for OpenBLAS, whose call and packing cost more than they save: those
/// of attention over a few rows.
final class SmallGemm {
  private SmallGemm() {}

  /// `C = alpha A B' + beta C` for A `[m, k]`, B `[n, k]`.
  static void timesTransposed(float alpha, Matrix a, Matrix b, float beta, Matrix c) {
    for (int i = 0; i < c.rows(); i++) {
      for (int j = 0; j < c.cols(); j++) {
        long at = c.row(i) + 4L * j;
        float product = alpha * Lanes.dot(a.row(i), b.row(j), a.cols());
        Matrix.set(at, beta == 0 ? product : product + beta * Matrix.get(at));
      }
    }
  }

  /// `C = A B + beta C` for A `[m, k]`, B `[k, n]`.
  static void times(Matrix a, Matrix b, float beta, Matrix c) {
    for (int i = 0; i < c.rows(); i++) {
      combine(a.row(i), 4L, b, beta, c.row(i));
    }
  }

  /// `C = A' B + beta C` for A `[k, m]`, B `[k, n]`.
  static void transposedTimes(Matrix a, Matrix b, float beta, Matrix c) {
    for (int i = 0; i < c.rows(); i++) {
      combine(a.address() + 4L * i, 4L * a.stride(), b, beta, c.row(i));
    }
  }

  /// One row of C: the sum of the rows of B, weighted by elements of A that are `step` bytes apart.
  private static void combine(long weights, long step, Matrix b, float beta, long c) {
    int n = b.cols();
    int j = 0;
    for (; j <= n - 2 * Lanes.WIDTH; j += 2 * Lanes.WIDTH) {
      FloatVector sum0 = FloatVector.zero(Lanes.SPECIES);
      FloatVector sum1 = sum0;
      for (int p = 0; p < b.rows(); p++) {
        FloatVector w = FloatVector.broadcast(Lanes.SPECIES, Matrix.get(weights + p * step));
        sum0 = Lanes.load(b.row(p), j).fma(w, sum0);
        sum1 = Lanes.load(b.row(p), j + Lanes.WIDTH).fma(w, sum1);
      }
      Lanes.store(beta == 0 ? sum0 : Lanes.load(c, j).mul(beta).add(sum0), c, j);
      int k = j + Lanes.WIDTH;
      Lanes.store(beta == 0 ? sum1 : Lanes.load(c, k).mul(beta).add(sum1), c, k);
    }
    for (; j < n; j += Lanes.WIDTH) {
      VectorMask<Float> mask = Lanes.tail(j, n);
      FloatVector sum = FloatVector.zero(Lanes.SPECIES);
      for (int p = 0; p < b.rows(); p++) {
        FloatVector w = FloatVector.broadcast(Lanes.SPECIES, Matrix.get(weights + p * step));
        sum = Lanes.load(b.row(p), j, mask).fma(w, sum);
      }
      Lanes.store(beta == 0 ? sum : Lanes.load(c, j, mask).mul(beta).add(sum), c, j, mask);
    }
  }
}
