package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
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
    float[] lanes = vector.toArray();
    for (int half = WIDTH / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  /// `e^x` within 2 units in the last place; 0 below -87.3. Made of additions and multiplications
  /// alone, which are exact in the interpreter as in compiled code, unlike the library's own.
  /// Source: Cephes, expf.
  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.min(88.3762626647949f).max(-87.3365447505531f);
    // Adding and subtracting 1.5 * 2^23 rounds to a whole number.
    FloatVector n = clamped.mul(1.44269504088896341f).add(12582912f).sub(12582912f);
    FloatVector r = clamped.sub(n.mul(0.693359375f)).sub(n.mul(-2.12194440e-4f));
    FloatVector p = FloatVector.broadcast(SPECIES, 1.9875691500e-4f);
    p = p.fma(r, FloatVector.broadcast(SPECIES, 1.3981999507e-3f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 8.3334519073e-3f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 4.1665795894e-2f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 1.6666665459e-1f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 5.0000001201e-1f));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector exponent = (IntVector) n.convert(VectorOperators.F2I, 0);
    FloatVector power = exponent.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    return p.mul(power).blend(0f, x.lt(-87.3365447505531f));
  }

  /// Natural logarithm of positive normal numbers within 2 units in the last place. Source: Cephes,
  /// logf.
  static FloatVector log(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector exponent = bits.lanewise(VectorOperators.LSHR, 23).sub(126);
    FloatVector m =
        bits.and(0x007fffff).or(0x3f000000).reinterpretAsFloats(); // mantissa in [0.5, 1)
    var small = m.lt(0.707106781186547524f);
    FloatVector e = ((FloatVector) exponent.convert(VectorOperators.I2F, 0));
    e = e.blend(e.sub(1f), small);
    FloatVector t = m.blend(m.add(m), small).sub(1f);
    FloatVector z = t.mul(t);
    FloatVector p = FloatVector.broadcast(SPECIES, 7.0376836292e-2f);
    p = p.fma(t, FloatVector.broadcast(SPECIES, -1.1514610310e-1f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 1.1676998740e-1f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, -1.2420140846e-1f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 1.4249322787e-1f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, -1.6668057665e-1f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 2.0000714765e-1f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, -2.4999993993e-1f));
    p = p.fma(t, FloatVector.broadcast(SPECIES, 3.3333331174e-1f));
    FloatVector y = p.mul(t).mul(z).add(e.mul(-2.12194440e-4f)).sub(z.mul(0.5f));
    return t.add(y).add(e.mul(0.693359375f));
  }
}
