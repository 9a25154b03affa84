package dev.burnish.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HistogramTest {
  @Test
  void quantilesAreRightToOnePartInThirtyTwo() {
    Random random = new Random(3);
    Histogram histogram = new Histogram();
    long[] values = new long[10_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = (long) Math.exp(random.nextDouble() * 25);
      histogram.record(values[i]);
    }
    Arrays.sort(values);
    assertThat(histogram.count()).isEqualTo(values.length);
    for (double q : new double[] {0.01, 0.5, 0.9, 0.99, 1}) {
      double exact = values[(int) Math.ceil(q * values.length) - 1];
      assertThat((double) histogram.quantile(q)).as("q=%s", q).isCloseTo(exact, within(exact / 32));
    }
  }

  @Test
  void smallAndGreatestValuesHaveBuckets() {
    Histogram histogram = new Histogram();
    assertThat(histogram.quantile(0.5)).isZero();
    for (long value = 0; value < 64; value++) {
      Histogram one = new Histogram();
      one.record(value);
      assertThat(one.quantile(0.5)).isEqualTo(value);
    }
    histogram.record(Long.MAX_VALUE);
    assertThat((double) histogram.quantile(1))
        .isCloseTo(Long.MAX_VALUE, within(Long.MAX_VALUE / 32.0));
  }
}
