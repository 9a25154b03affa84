package dev.burnish.kernel;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Panels in [WeightFormat#BF16]: elements `j` and `j + columns / 2` of a row share a word of 32
/// bits, `j` in its lower half.
final class Bf16 {
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;

  private Bf16() {}

  /// Converts some rows of a panel to F32.
  static void widen(long source, int columns, int count, long target) {
    int half = columns / 2;
    for (int p = 0; p < count; p++) {
      long words = source + 2L * p * columns;
      long low = target + 4L * p * columns;
      long high = low + 4L * half;
      int j = 0;
      for (; j <= half - INTS.length(); j += INTS.length()) {
        IntVector pair = load(words + 4L * j);
        pair.lanewise(VectorOperators.LSHL, 16)
            .intoMemorySegment(Matrix.MEMORY, low + 4L * j, Matrix.ORDER);
        pair.and(0xffff0000).intoMemorySegment(Matrix.MEMORY, high + 4L * j, Matrix.ORDER);
      }
      for (; j < half; j++) {
        int pair = Float.floatToRawIntBits(Matrix.get(words + 4L * j));
        Matrix.set(low + 4L * j, Float.intBitsToFloat(pair << 16));
        Matrix.set(high + 4L * j, Float.intBitsToFloat(pair & 0xffff0000));
      }
    }
  }

  /// Rounds some rows of a panel in F32.
  static void narrow(long source, int columns, int count, long target) {
    int half = columns / 2;
    for (int p = 0; p < count; p++) {
      long low = source + 4L * p * columns;
      long high = low + 4L * half;
      long words = target + 2L * p * columns;
      int j = 0;
      for (; j <= half - INTS.length(); j += INTS.length()) {
        IntVector lower = rounded(load(low + 4L * j)).lanewise(VectorOperators.LSHR, 16);
        lower
            .or(rounded(load(high + 4L * j)).and(0xffff0000))
            .intoMemorySegment(Matrix.MEMORY, words + 4L * j, Matrix.ORDER);
      }
      for (; j < half; j++) {
        int pair = bits(Matrix.get(low + 4L * j)) >>> 16 | bits(Matrix.get(high + 4L * j));
        Matrix.set(words + 4L * j, Float.intBitsToFloat(pair));
      }
    }
  }

  /// The element of a row in a column.
  static float get(long row, int columns, int column) {
    int half = columns / 2;
    int pair = Float.floatToRawIntBits(Matrix.get(row + 4L * (column % half)));
    return Float.intBitsToFloat(column < half ? pair << 16 : pair & 0xffff0000);
  }

  /// Floats whose upper half is the nearest BF16, ties to even; NaN stays NaN.
  private static IntVector rounded(IntVector bits) {
    return nearest(bits).blend(bits.or(0x00400000), isNan(bits));
  }

  private static IntVector nearest(IntVector bits) {
    return bits.add(bits.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7fff);
  }

  private static VectorMask<Integer> isNan(IntVector bits) {
    return bits.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
  }

  /// The bits of the nearest BF16 as those of a float, ties to even.
  static int bits(float value) {
    int bits = Float.floatToRawIntBits(value);
    int nearest = Float.isNaN(value) ? bits | 0x00400000 : bits + 0x7fff + (bits >>> 16 & 1);
    return nearest & 0xffff0000;
  }

  private static IntVector load(long address) {
    return IntVector.fromMemorySegment(INTS, Matrix.MEMORY, address, Matrix.ORDER);
  }
}
