package dev.burnish.kernel;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// A packed matrix `[n, k]` in memory, as [PackedLayout] says.
record Panels(long address, WeightFormat format, int columns, int n, int k) implements PanelSource {
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;

  /// Elements of a row that are moved at a time, as in [UnpackedPanels].
  private static final int BLOCK = 64;

  /// Address of the elements from `from` on of a panel.
  private long at(int panel, int from) {
    return address + ((long) panel * k + from) * columns * format.bytes();
  }

  @Override
  public long panel(int panel, int from, int count, long room) {
    return switch (format) {
      case F32 -> at(panel, from);
      case BF16 -> {
        widen(at(panel, from), count, room);
        yield room;
      }
    };
  }

  /// Packs a panel of a matrix.
  ///
  /// @param room for the panel in F32
  void pack(UnpackedPanels w, int panel, long room) {
    switch (format) {
      case F32 -> w.panel(panel, 0, k, at(panel, 0));
      case BF16 -> {
        w.panel(panel, 0, k, room);
        narrow(room, at(panel, 0));
      }
    }
  }

  /// A matrix of the same form elsewhere.
  Panels at(long other) {
    return new Panels(other, format, columns, n, k);
  }

  /// Bytes of a panel.
  long panelBytes() {
    return (long) k * columns * format.bytes();
  }

  /// Writes the rows of a panel to where they are in a matrix `[n, k]`.
  ///
  /// @param room for the panel in F32
  void unpack(int panel, Matrix target, long room) {
    long source = panel(panel, 0, k, room);
    int first = panel * columns;
    int present = Math.min(columns, n - first);
    for (int block = 0; block < k; block += BLOCK) {
      int length = Math.min(BLOCK, k - block);
      for (int j = 0; j < present; j++) {
        gather(
            source + 4L * ((long) block * columns + j), target.row(first + j) + 4L * block, length);
      }
    }
  }

  /// Writes a row of the matrix.
  void row(int row, long target) {
    long source = at(row / columns, 0);
    int j = row % columns;
    switch (format) {
      case F32 -> gather(source + 4L * j, target, k);
      case BF16 -> {
        int half = columns / 2;
        for (int p = 0; p < k; p++) {
          long word = source + 2L * p * columns + 4L * (j % half);
          int pair = Float.floatToRawIntBits(Matrix.get(word));
          Matrix.set(
              target + 4L * p, Float.intBitsToFloat(j < half ? pair << 16 : pair & 0xffff0000));
        }
      }
    }
  }

  private void gather(long source, long target, int count) {
    for (int p = 0; p < count; p++) {
      Matrix.set(target + 4L * p, Matrix.get(source + 4L * p * columns));
    }
  }

  /// From BF16 to F32: the one in the lower half of a word, then the one in the upper half.
  private void widen(long source, int count, long target) {
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

  private void narrow(long source, long target) {
    int half = columns / 2;
    for (int p = 0; p < k; p++) {
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
        int pair = bf16(Matrix.get(low + 4L * j)) >>> 16 | bf16(Matrix.get(high + 4L * j));
        Matrix.set(words + 4L * j, Float.intBitsToFloat(pair));
      }
    }
  }

  /// Floats whose upper half is the nearest BF16, ties to even; NaN stays NaN.
  private static IntVector rounded(IntVector bits) {
    IntVector even = bits.lanewise(VectorOperators.LSHR, 16).and(1);
    VectorMask<Integer> nan = bits.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
    return bits.add(even).add(0x7fff).blend(bits.or(0x00400000), nan);
  }

  /// The bits of the nearest BF16 as those of a float, ties to even.
  static int bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int nearest = Float.isNaN(value) ? bits | 0x00400000 : bits + 0x7fff + (bits >>> 16 & 1);
    return nearest & 0xffff0000;
  }

  private static IntVector load(long address) {
    return IntVector.fromMemorySegment(INTS, Matrix.MEMORY, address, Matrix.ORDER);
  }
}
