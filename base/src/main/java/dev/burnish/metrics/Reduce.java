package dev.burnish.metrics;

import java.util.Arrays;

/// How the values of a key within one step become one number.
public enum Reduce {
  /// The arithmetic mean.
  MEAN,
  /// The total.
  SUM,
  /// The least value.
  MIN,
  /// The greatest value.
  MAX,
  /// The value recorded last.
  LAST,
  /// The standard deviation of the population; 0 for a single value.
  STD;

  /// Reduces values given in the order of recording; all but [#LAST] do not depend on that order to
  /// the last bit, since threads record in any.
  double apply(double... values) {
    if (this == LAST) {
      return values[values.length - 1];
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return switch (this) {
      case MEAN -> sum(sorted) / sorted.length;
      case SUM -> sum(sorted);
      case MIN -> Double.isNaN(sorted[sorted.length - 1]) ? Double.NaN : sorted[0];
      case MAX -> sorted[sorted.length - 1];
      case STD -> deviation(sorted);
      case LAST -> throw new AssertionError("handled above");
    };
  }

  private static double deviation(double[] sorted) {
    double mean = sum(sorted) / sorted.length;
    double[] squares = Arrays.stream(sorted).map(x -> (x - mean) * (x - mean)).sorted().toArray();
    return Math.sqrt(sum(squares) / squares.length);
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}
