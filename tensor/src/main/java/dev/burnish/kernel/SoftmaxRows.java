package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Softmax of single rows in place, with the statistics that log-probabilities, entropies and
/// attention need.
final class SoftmaxRows {
  /// Columns whose exponentials are summed in single precision; a vocabulary of 150 000 is too long
  /// for one such sum.
  static final int BLOCK = 4096;

  private SoftmaxRows() {}

  static float max(long row, int count) {
    FloatVector max = FloatVector.broadcast(Lanes.SPECIES, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      max = max.max(Lanes.load(row, i));
    }
    float result = max.reduceLanes(VectorOperators.MAX);
    for (; i < count; i++) {
      result = Math.max(result, Matrix.get(row + 4L * i));
    }
    return result;
  }

  /// Replaces `x` by `exp(scale x - shift)` and returns the sum.
  static float expInPlace(long row, int count, float scale, float shift) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      FloatVector e = VectorMath.exp(Lanes.load(row, i).mul(scale).sub(shift));
      Lanes.store(e, row, i);
      sum = sum.add(e);
    }
    if (i < count) {
      VectorMask<Float> mask = Lanes.tail(i, count);
      FloatVector e = VectorMath.exp(Lanes.load(row, i, mask).mul(scale).sub(shift));
      Lanes.store(e, row, i, mask);
      sum = sum.add(e, mask);
    }
    return Lanes.sum(sum);
  }

  /// The sum of `exp(scale x - shift)` of at most [#BLOCK] columns, to the bits of
  /// [#expAndMoments].
  static float expSum(long row, int count, float scale, float shift) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    int i = 0;
    for (; i <= count - Lanes.WIDTH; i += Lanes.WIDTH) {
      sum = sum.add(VectorMath.exp(Lanes.load(row, i).mul(scale).sub(shift)));
    }
    if (i < count) {
      VectorMask<Float> mask = Lanes.tail(i, count);
      sum = sum.add(VectorMath.exp(Lanes.load(row, i, mask).mul(scale).sub(shift)), mask);
    }
    return Lanes.sum(sum);
  }

  /// Replaces `x` by `e = exp(scale x - shift)`; returns the sum of `e` in element 0 and of `e
  /// (scale x - shift)` in element 1.
  static void expAndMoments(long row, int count, float scale, float shift, double[] moments) {
    double sum = 0;
    double weighted = 0;
    for (int block = 0; block < count; block += BLOCK) {
      int end = Math.min(count, block + BLOCK);
      FloatVector s = FloatVector.zero(Lanes.SPECIES);
      FloatVector t = s;
      int i = block;
      for (; i <= end - Lanes.WIDTH; i += Lanes.WIDTH) {
        FloatVector x = Lanes.load(row, i).mul(scale).sub(shift);
        FloatVector e = VectorMath.exp(x);
        Lanes.store(e, row, i);
        s = s.add(e);
        t = t.add(e.mul(x.max(-1e4f)));
      }
      if (i < end) {
        VectorMask<Float> mask = Lanes.tail(i, end);
        FloatVector x = Lanes.load(row, i, mask).mul(scale).sub(shift);
        FloatVector e = VectorMath.exp(x);
        Lanes.store(e, row, i, mask);
        s = s.add(e, mask);
        t = t.add(e.mul(x.max(-1e4f)), mask);
      }
      sum += Lanes.sum(s);
      weighted += Lanes.sum(t);
    }
    moments[0] = sum;
    moments[1] = weighted;
  }

  /// `x *= factor`.
  static void scale(long row, int count, float factor) {
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      Lanes.store(Lanes.load(row, i).mul(factor), row, i);
    }
    if (i < count) {
      VectorMask<Float> mask = Lanes.tail(i, count);
      Lanes.store(Lanes.load(row, i, mask).mul(factor), row, i, mask);
    }
  }
}
