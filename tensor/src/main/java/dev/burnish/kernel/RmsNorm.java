package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;

/// `y = x * rstd * w` with `rstd = 1 / sqrt(mean(x^2) + eps)`, for each run of `w.cols` columns.
///
/// Backward, with `g = dy * w` and `c = dot(g, x) * rstd^3 / n`: `dx = g * rstd - x * c`, `dw += dy
/// * x * rstd`.
final class RmsNorm {
  /// Rows of one piece of the backward: each keeps a partial `dw`, added up in order, so the sum
  /// does not depend on threads.
  private static final int ROWS = 64;

  private RmsNorm() {}

  static void forward(Team team, Matrix x, Matrix w, double eps, Matrix out, long rstd) {
    int width = w.cols();
    int runs = x.cols() / width;
    team.ranges(
        x.rows(),
        Math.max(1, 16_384 / x.cols()),
        (from, to) -> {
          for (int row = from; row < to; row++) {
            for (int run = 0; run < runs; run++) {
              long input = x.row(row) + 4L * run * width;
              float scale = (float) (1 / Math.sqrt(Lanes.dot(input, input, width) / width + eps));
              Matrix.set(rstd + 4L * ((long) row * runs + run), scale);
              scale(input, w.address(), scale, out.row(row) + 4L * run * width, width);
            }
          }
        });
  }

  private static void scale(long x, long w, float factor, long out, int count) {
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      Lanes.store(Lanes.load(x, i).mul(factor).mul(Lanes.load(w, i)), out, i);
    }
    if (i < count) {
      var mask = Lanes.tail(i, count);
      Lanes.store(Lanes.load(x, i, mask).mul(factor).mul(Lanes.load(w, i, mask)), out, i, mask);
    }
  }

  static void backward(
      Team team,
      Matrix dy,
      Matrix x,
      Matrix w,
      long rstd,
      Matrix dx,
      boolean accumulate,
      Matrix dw) {
    int width = w.cols();
    int runs = x.cols() / width;
    int pieces = (x.rows() + ROWS - 1) / ROWS;
    try (Scratch scratch = new Scratch(4L * pieces * width)) {
      long partial = scratch.address();
      Lanes.zero(partial, (long) pieces * width);
      team.run(
          pieces,
          piece -> {
            for (int row = piece * ROWS; row < Math.min(x.rows(), (piece + 1) * ROWS); row++) {
              for (int run = 0; run < runs; run++) {
                long offset = 4L * run * width;
                row(
                    dy.row(row) + offset,
                    x.row(row) + offset,
                    w.address(),
                    Matrix.get(rstd + 4L * ((long) row * runs + run)),
                    dx.row(row) + offset,
                    accumulate,
                    partial + 4L * piece * width,
                    width);
              }
            }
          });
      for (int piece = 0; piece < pieces; piece++) {
        Lanes.addTo(dw.address(), partial + 4L * piece * width, width);
      }
    }
  }

  private static void row(
      long dy, long x, long w, float rstd, long dx, boolean accumulate, long dw, int count) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      FloatVector dyx = Lanes.load(dy, i).mul(Lanes.load(x, i));
      sum = dyx.fma(Lanes.load(w, i), sum);
      Lanes.store(dyx.mul(rstd).add(Lanes.load(dw, i)), dw, i);
    }
    if (i < count) {
      var mask = Lanes.tail(i, count);
      FloatVector dyx = Lanes.load(dy, i, mask).mul(Lanes.load(x, i, mask));
      sum = dyx.fma(Lanes.load(w, i, mask), sum);
      Lanes.store(dyx.mul(rstd).add(Lanes.load(dw, i, mask)), dw, i, mask);
    }
    float mean = Lanes.sum(sum) / count;
    float correction = -mean * rstd * rstd * rstd;
    for (i = 0; i < count; i += Lanes.WIDTH) {
      var mask = Lanes.tail(i, count);
      FloatVector gradient =
          Lanes.load(dy, i, mask)
              .mul(Lanes.load(w, i, mask))
              .mul(rstd)
              .add(Lanes.load(x, i, mask).mul(correction));
      if (accumulate) {
        gradient = gradient.add(Lanes.load(dx, i, mask));
      }
      Lanes.store(gradient, dx, i, mask);
    }
  }
}
