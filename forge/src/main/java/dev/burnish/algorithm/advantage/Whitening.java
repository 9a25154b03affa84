package dev.burnish.algorithm.advantage;

import java.util.Arrays;
import java.util.stream.IntStream;

/// Advantages of a whole batch brought to mean 0 and variance 1 over the targets; 0 elsewhere.
public enum Whitening {
  /// Sample variance plus 1e-8; Source: verl masked_whiten.
  SAMPLE,
  /// Population variance, at least 1e-8; Source: OpenRLHF `experience_maker.py`.
  POPULATION;

  private static final double EPSILON = 1e-8;

  public double[] apply(double[] values, boolean[] mask) {
    double[] targets =
        IntStream.range(0, values.length)
            .filter(t -> mask[t])
            .mapToDouble(t -> values[t])
            .toArray();
    Moments moments = Moments.of(targets);
    double variance =
        switch (this) {
          case SAMPLE -> moments.sampleVariance() + EPSILON;
          case POPULATION -> Math.max(moments.populationVariance(), EPSILON);
        };
    double[] whitened = new double[values.length];
    Arrays.setAll(whitened, t -> mask[t] ? (values[t] - moments.mean()) / Math.sqrt(variance) : 0);
    return whitened;
  }
}
