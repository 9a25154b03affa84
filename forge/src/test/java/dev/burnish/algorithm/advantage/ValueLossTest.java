package dev.burnish.algorithm.advantage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.algorithm.Aggregation;
import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.TokenLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ValueLossTest {
  private static final ValueLoss LOSS = new ValueLoss(0.2, new Aggregation.TokenMean());

  /// By hand: 1.5 is held at 1.2, and 1.5 is nearer to 2; 0.5 * (0.8^2 + 0.1^2) / 2.
  @Test
  void theLargerOfTheTwoErrorsCounts() {
    var layout = TokenLayout.of(new int[] {2}, new int[] {0});
    var result =
        LOSS.evaluate(
            new ValueBatch(
                layout, new double[] {1.5, 0.1}, new double[] {1, 0}, new double[] {2, 0}),
            Denominators.of(layout));

    assertThat(result.value()).isCloseTo(0.25 * (0.64 + 0.01), within(1e-15));
    assertThat(result.gradient()).containsExactly(0, 0.05);
    assertThat(result.metrics().clipFraction()).isEqualTo(0.5);
  }

  @Test
  void theRangesOfABatchAddUpToTheWhole() {
    var random = new Random(8);
    var layout = TokenLayout.of(new int[] {3, 4, 2}, new int[] {0, 0, 1});
    layout.mask()[5] = false;
    var global = Denominators.of(layout).dividedAmong(3);
    var batch =
        new ValueBatch(
            layout,
            random.doubles(9).toArray(),
            random.doubles(9).toArray(),
            random.doubles(9).toArray());
    var whole = LOSS.evaluate(batch, global);
    double sum = 0;
    double clipped = 0;
    double[] gradient = new double[9];
    for (int from = 0; from < 9; from += 2) {
      int to = Math.min(9, from + 2);
      var part = LOSS.evaluate(batch, global, from, to);
      sum += part.value();
      clipped += part.metrics().clipFraction();
      System.arraycopy(part.gradient(), 0, gradient, from, to - from);
    }
    assertThat(sum).isCloseTo(whole.value(), within(1e-15));
    assertThat(clipped).isCloseTo(whole.metrics().clipFraction(), within(1e-15)).isPositive();
    assertThat(gradient).containsExactly(whole.gradient());
    assertThat(LOSS.evaluate(batch, Denominators.of(layout)).value())
        .isCloseTo(whole.value() / 3, within(1e-15));
  }

  @Test
  void gradientIsThatOfFiniteDifferences() {
    var random = new Random(7);
    var layout = TokenLayout.of(new int[] {3, 2}, new int[] {0, 0});
    layout.mask()[1] = false;
    var global = Denominators.of(layout);
    double[] values = random.doubles(5).toArray();
    double[] old = random.doubles(5).toArray();
    double[] returns = random.doubles(5).toArray();
    ValueBatch batch = new ValueBatch(layout, values, old, returns);
    double[] gradient = LOSS.evaluate(batch, global).gradient();
    for (int t = 0; t < 5; t++) {
      double[] up = values.clone();
      double[] down = values.clone();
      up[t] += 1e-6;
      down[t] -= 1e-6;
      double difference =
          LOSS.evaluate(batch.withValues(up), global).value()
              - LOSS.evaluate(batch.withValues(down), global).value();
      assertThat(gradient[t]).as("seed 7 token %d", t).isCloseTo(difference / 2e-6, within(1e-8));
    }
  }
}
