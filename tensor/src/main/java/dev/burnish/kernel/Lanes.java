package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Loads, stores and whole-row reductions of float vectors at addresses. The width is the machine's
/// own.
final class Lanes {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int WIDTH = SPECIES.length();

  private Lanes() {}

  static FloatVector load(long address, int index) {
    return FloatVector.fromMemorySegment(
        SPECIES, Matrix.MEMORY, address + 4L * index, Matrix.ORDER);
  }

  static FloatVector load(long address, int index, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(
        SPECIES, Matrix.MEMORY, address + 4L * index, Matrix.ORDER, mask);
  }

  static void store(FloatVector vector, long address, int index) {
    vector.intoMemorySegment(Matrix.MEMORY, address + 4L * index, Matrix.ORDER);
  }

  static void store(FloatVector vector, long address, int index, VectorMask<Float> mask) {
    vector.intoMemorySegment(Matrix.MEMORY, address + 4L * index, Matrix.ORDER, mask);
  }

  /// The largest multiple of the width that is at most `count`.
  static int bound(int count) {
    return SPECIES.loopBound(count);
  }

  static VectorMask<Float> tail(int index, int count) {
    return SPECIES.indexInRange(index, count);
  }

  /// Sum of `x[i] * y[i]`.
  static float dot(long x, long y, int count) {
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    int i = 0;
    for (; i <= count - 2 * WIDTH; i += 2 * WIDTH) {
      sum0 = load(x, i).fma(load(y, i), sum0);
      sum1 = load(x, i + WIDTH).fma(load(y, i + WIDTH), sum1);
    }
    for (; i < bound(count); i += WIDTH) {
      sum0 = load(x, i).fma(load(y, i), sum0);
    }
    if (i < count) {
      var mask = tail(i, count);
      sum1 = load(x, i, mask).fma(load(y, i, mask), sum1);
    }
    return sum(sum0.add(sum1));
  }

  /// `y[i] += x[i]`.
  static void addTo(long y, long x, int count) {
    int i = 0;
    for (; i < bound(count); i += WIDTH) {
      store(load(y, i).add(load(x, i)), y, i);
    }
    if (i < count) {
      var mask = tail(i, count);
      store(load(y, i, mask).add(load(x, i, mask)), y, i, mask);
    }
  }

  static void copy(long target, long source, int count) {
    java.lang.foreign.MemorySegment.copy(Matrix.MEMORY, source, Matrix.MEMORY, target, 4L * count);
  }

  static void zero(long target, long count) {
    Matrix.MEMORY.asSlice(target, 4 * count).fill((byte) 0);
  }

  /// Sum of the lanes in one fixed order. The library's own reduction may add in a different order
  /// once it is compiled, and a run has to give the same bits before and after.
  static float sum(FloatVector vector) {
    return sum(vector.toArray());
  }

  private static float sum(float[] lanes) {
    for (int half = WIDTH / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }
}
