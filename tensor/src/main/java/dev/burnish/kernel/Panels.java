package dev.burnish.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The right operand of a product as [MicroKernel] reads it: panels of [MicroKernel#COLUMNS]
/// columns, in each the `k` rows one after the other. Columns past the end are zero.
final class Panels {
  private static final int BLOCK = 64;

  private Panels() {}

  static int count(int columns) {
    return (columns + MicroKernel.COLUMNS - 1) / MicroKernel.COLUMNS;
  }

  /// Packs panel `index` of `W'` for W `[n, k]`: rows of W become columns. Takes the columns
  /// `[from, from + k)` of W.
  static void packTransposed(Matrix w, int index, int from, int k, float[] target, int at) {
    int first = index * MicroKernel.COLUMNS;
    int columns = Math.min(MicroKernel.COLUMNS, w.rows() - first);
    // In blocks, so that the lines that are written stay in the first-level cache.
    for (int block = 0; block < k; block += BLOCK) {
      int end = Math.min(k, block + BLOCK);
      for (int j = 0; j < columns; j++) {
        long row = w.row(first + j) + 4L * (from + block);
        scatter(row, target, at + block * MicroKernel.COLUMNS + j, end - block);
      }
      for (int j = columns; j < MicroKernel.COLUMNS; j++) {
        clear(target, at + block * MicroKernel.COLUMNS + j, end - block);
      }
    }
  }

  private static void scatter(long row, float[] target, int at, int count) {
    for (int p = 0; p < count; p++) {
      target[at + p * MicroKernel.COLUMNS] = Matrix.get(row + 4L * p);
    }
  }

  private static void clear(float[] target, int at, int count) {
    for (int p = 0; p < count; p++) {
      target[at + p * MicroKernel.COLUMNS] = 0;
    }
  }

  /// Copies adjacent elements from memory.
  static void copy(long source, float[] target, int at, int count) {
    if (count == MicroKernel.COLUMNS) {
      Lanes.load(source, 0).intoArray(target, at);
      Lanes.load(source, Lanes.WIDTH).intoArray(target, at + Lanes.WIDTH);
    } else {
      MemorySegment.copy(
          Matrix.MEMORY, ValueLayout.JAVA_FLOAT_UNALIGNED, source, target, at, count);
    }
  }
}
