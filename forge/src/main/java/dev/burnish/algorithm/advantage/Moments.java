package dev.burnish.algorithm.advantage;

/// Mean and sum of squared deviations of some numbers, in two passes.
record Moments(int count, double mean, double squares) {
  static Moments of(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double mean = values.length == 0 ? 0 : sum / values.length;
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    return new Moments(values.length, mean, squares);
  }

  double populationVariance() {
    return count == 0 ? 0 : squares / count;
  }

  /// 0 for fewer than two numbers, where it is not defined.
  double sampleVariance() {
    return count < 2 ? 0 : squares / (count - 1);
  }

  double populationStd() {
    return Math.sqrt(populationVariance());
  }

  double sampleStd() {
    return Math.sqrt(sampleVariance());
  }
}
