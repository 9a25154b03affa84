package dev.burnish.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Elementary functions of vectors. Made of additions and multiplications alone, which are exact in
/// the interpreter as in compiled code, unlike the library's own.
///
/// They consist of small methods: C2 inlines a method of up to 35 bytes of code wherever it is
/// called, and a larger one only where its counts say that the call is frequent, which they do not
/// in every process. A vector that passes a call which is not inlined becomes an object.
final class VectorMath {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final float LEAST_EXPONENT = -87.3365447505531f;
  private static final float MOST_EXPONENT = 88.3762626647949f;

  private VectorMath() {}

  /// `e^x` within 2 units in the last place; 0 below -87.3. Source: Cephes, expf.
  static FloatVector exp(FloatVector x) {
    return expOfClamped(x.min(MOST_EXPONENT).max(LEAST_EXPONENT)).blend(0f, x.lt(LEAST_EXPONENT));
  }

  private static FloatVector expOfClamped(FloatVector x) {
    FloatVector n = wholes(x);
    return expOf(rest(x, n)).mul(powerOfTwo(n));
  }

  /// `x / ln 2`, rounded: adding and subtracting 1.5 * 2^23 rounds to a whole number.
  private static FloatVector wholes(FloatVector x) {
    return x.mul(1.44269504088896341f).add(12582912f).sub(12582912f);
  }

  /// `x - n ln 2`.
  private static FloatVector rest(FloatVector x, FloatVector n) {
    return x.sub(n.mul(0.693359375f)).sub(n.mul(-2.12194440e-4f));
  }

  private static FloatVector powerOfTwo(FloatVector n) {
    return n.convert(VectorOperators.F2I, 0)
        .reinterpretAsInts()
        .add(127)
        .lanewise(VectorOperators.LSHL, 23)
        .reinterpretAsFloats();
  }

  private static FloatVector expOf(FloatVector r) {
    return expLow(expHigh(r), r).fma(r.mul(r), r).add(1f);
  }

  private static FloatVector expHigh(FloatVector r) {
    FloatVector p = FloatVector.broadcast(SPECIES, 1.9875691500e-4f);
    return term(term(p, r, 1.3981999507e-3f), r, 8.3334519073e-3f);
  }

  private static FloatVector expLow(FloatVector p, FloatVector r) {
    return term(term(term(p, r, 4.1665795894e-2f), r, 1.6666665459e-1f), r, 5.0000001201e-1f);
  }

  /// One more term of a polynomial.
  private static FloatVector term(FloatVector p, FloatVector x, float coefficient) {
    return p.fma(x, FloatVector.broadcast(SPECIES, coefficient));
  }

  /// Natural logarithm of positive normal numbers within 2 units in the last place. Source: Cephes,
  /// logf.
  static FloatVector log(FloatVector x) {
    FloatVector m = mantissa(x);
    VectorMask<Float> small = m.lt(0.707106781186547524f);
    return logOf(m.blend(m.add(m), small).sub(1f), exponent(x, small));
  }

  /// In [0.5, 1).
  private static FloatVector mantissa(FloatVector x) {
    return x.reinterpretAsInts().and(0x007fffff).or(0x3f000000).reinterpretAsFloats();
  }

  private static FloatVector exponent(FloatVector x, VectorMask<Float> small) {
    FloatVector e = exponent(x);
    return e.blend(e.sub(1f), small);
  }

  private static FloatVector exponent(FloatVector x) {
    return (FloatVector)
        x.reinterpretAsInts()
            .lanewise(VectorOperators.LSHR, 23)
            .sub(126)
            .convert(VectorOperators.I2F, 0);
  }

  private static FloatVector logOf(FloatVector t, FloatVector e) {
    FloatVector y = small(logLow(logMiddle(logHigh(t), t), t), t, e);
    return t.add(y).add(e.mul(0.693359375f));
  }

  private static FloatVector small(FloatVector p, FloatVector t, FloatVector e) {
    FloatVector z = t.mul(t);
    return p.mul(t).mul(z).add(e.mul(-2.12194440e-4f)).sub(z.mul(0.5f));
  }

  private static FloatVector logHigh(FloatVector t) {
    FloatVector p = FloatVector.broadcast(SPECIES, 7.0376836292e-2f);
    return term(term(p, t, -1.1514610310e-1f), t, 1.1676998740e-1f);
  }

  private static FloatVector logMiddle(FloatVector p, FloatVector t) {
    return term(term(term(p, t, -1.2420140846e-1f), t, 1.4249322787e-1f), t, -1.6668057665e-1f);
  }

  private static FloatVector logLow(FloatVector p, FloatVector t) {
    return term(term(term(p, t, 2.0000714765e-1f), t, -2.4999993993e-1f), t, 3.3333331174e-1f);
  }
}
