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
            layout,
            Denominators.of(layout),
            new double[] {1.5, 0.1},
            new double[] {1, 0},
            new double[] {2, 0});

    assertThat(result.value()).isCloseTo(0.25 * (0.64 + 0.01), within(1e-15));
    assertThat(result.gradient()).containsExactly(0, 0.05);
    assertThat(result.clipFraction()).isEqualTo(0.5);
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
    double[] gradient = LOSS.evaluate(layout, global, values, old, returns).gradient();
    for (int t = 0; t < 5; t++) {
      double[] up = values.clone();
      double[] down = values.clone();
      up[t] += 1e-6;
      down[t] -= 1e-6;
      double difference =
          LOSS.evaluate(layout, global, up, old, returns).value()
              - LOSS.evaluate(layout, global, down, old, returns).value();
      assertThat(gradient[t]).as("seed 7 token %d", t).isCloseTo(difference / 2e-6, within(1e-8));
    }
  }
}
