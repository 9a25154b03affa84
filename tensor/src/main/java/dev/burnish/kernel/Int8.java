package dev.burnish.kernel;

import java.lang.foreign.ValueLayout;

/// Panels in [WeightFormat#INT8]: the scales of the outputs, then the whole numbers, row by row.
///
/// A sum of products is made of the whole numbers, and multiplied by the scale of its output at the
/// end: exact conversions, and no rounding before that.
final class Int8 {
  /// The largest number: symmetric, so that a weight and its negative have the same error.
  private static final int MOST = 127;

  private Int8() {}

  /// The scale of an output: NaN where a weight is no finite number, which its sums show.
  ///
  /// @param largest absolute value of its weights
  static float scale(float largest) {
    return Float.isFinite(largest) ? largest / MOST : Float.NaN;
  }

  /// The nearest whole number, ties to even.
  static byte rounded(float weight, float scale) {
    return scale > 0 ? (byte) Math.rint(weight / scale) : 0;
  }

  /// Rounds the rows of a matrix in place, to the values that their numbers stand for.
  static void round(float[] matrix, int inputs) {
    for (int row = 0; row < matrix.length; row += inputs) {
      float largest = 0;
      for (int i = row; i < row + inputs; i++) {
        largest = Math.max(largest, Math.abs(matrix[i]));
      }
      float scale = scale(largest);
      for (int i = row; i < row + inputs; i++) {
        matrix[i] = rounded(matrix[i], scale) * scale;
      }
    }
  }

  /// Rounds a panel in F32.
  ///
  /// @param target the first scale
  static void narrow(long source, int columns, int count, long target) {
    for (int j = 0; j < columns; j++) {
      float largest = 0;
      for (int p = 0; p < count; p++) {
        largest = Math.max(largest, Math.abs(Matrix.get(source + 4L * ((long) p * columns + j))));
      }
      Matrix.set(target + 4L * j, scale(largest));
    }
    long numbers = target + 4L * columns;
    for (int p = 0; p < count; p++) {
      for (int j = 0; j < columns; j++) {
        long at = (long) p * columns + j;
        byte number = rounded(Matrix.get(source + 4 * at), Matrix.get(target + 4L * j));
        Matrix.MEMORY.set(ValueLayout.JAVA_BYTE, numbers + at, number);
      }
    }
  }

  /// Converts some rows of numbers to F32, without their scales.
  static void widen(long source, int columns, int count, long target) {
    long end = (long) count * columns;
    for (long i = 0; i < end; i++) {
      Matrix.set(target + 4 * i, Matrix.MEMORY.get(ValueLayout.JAVA_BYTE, source + i));
    }
  }
}
