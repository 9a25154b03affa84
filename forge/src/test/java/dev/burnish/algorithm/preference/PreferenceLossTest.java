package dev.burnish.algorithm.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PreferenceLossTest {
  static Stream<PreferenceLoss> losses() {
    return Stream.of(
        new PreferenceLoss.Sigmoid(0.3),
        new PreferenceLoss.NormalizedSigmoid(0.3),
        new PreferenceLoss.Conservative(0.3, 0.1),
        new PreferenceLoss.Robust(0.3, 0.1),
        new PreferenceLoss.Hinge(0.3),
        new PreferenceLoss.Ipo(0.3),
        new PreferenceLoss.NormalizedIpo(0.3));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void gradientsAreThoseOfFiniteDifferences(PreferenceLoss loss) {
    PairBatch batch = random(11);
    var result = loss.evaluate(batch, 4);
    for (int i = 0; i < batch.size(); i++) {
      double[] step = new double[batch.size()];
      step[i] = 1e-6;
      double chosen = value(loss, batch, step, 1, 0) - value(loss, batch, step, -1, 0);
      double rejected = value(loss, batch, step, 0, 1) - value(loss, batch, step, 0, -1);
      assertThat(result.chosenGradient()[i]).isCloseTo(chosen / 2e-6, within(1e-7));
      assertThat(result.rejectedGradient()[i]).isCloseTo(rejected / 2e-6, within(1e-7));
    }
  }

  /// TRL and AReaL normalise by length: margins of 1/2 - (-1)/4 and 1 / (2 beta) = 5.
  @Test
  void normalizedIpoDividesByLengths() {
    var batch =
        new PairBatch(
            new double[] {-12},
            new double[] {-15},
            new double[] {-13},
            new double[] {-14},
            new int[] {2},
            new int[] {4});

    assertThat(new PreferenceLoss.NormalizedIpo(0.1).evaluate(batch, 1).value())
        .isCloseTo(4.25 * 4.25, within(1e-12));
    assertThat(new PreferenceLoss.Ipo(0.1).evaluate(batch, 1).value()).isCloseTo(9, within(1e-12));
  }

  @Test
  void extremeMarginsStayFinite() {
    assertThat(new PreferenceLoss.Sigmoid(1).value(-1e5)).isEqualTo(1e5);
    assertThat(new PreferenceLoss.Sigmoid(1).slope(1e5)).isZero();
  }

  @Test
  void rewardModelGradientIsThatOfFiniteDifferences() {
    var loss = new RewardModelLoss(0.2);
    double[] rejected = {0.4, -0.1};
    double slope = loss.evaluate(new double[] {0.3, 1}, rejected, 2).chosenGradient()[0];
    double up = loss.evaluate(new double[] {0.3 + 1e-6, 1}, rejected, 2).value();
    double down = loss.evaluate(new double[] {0.3 - 1e-6, 1}, rejected, 2).value();

    assertThat(slope).isCloseTo((up - down) / 2e-6, within(1e-8));
  }

  @Test
  void parametersOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new PreferenceLoss.Robust(0.1, 0.5)).hasMessageContaining("noise=0.5");
    assertThatThrownBy(() -> new PreferenceLoss.Sigmoid(0)).hasMessageContaining("beta=0.0");
  }

  private static double value(
      PreferenceLoss loss, PairBatch batch, double[] step, int chosen, int rejected) {
    return loss.evaluate(
            new PairBatch(
                plus(batch.chosenLogprobs(), step, chosen),
                plus(batch.rejectedLogprobs(), step, rejected),
                batch.refChosenLogprobs(),
                batch.refRejectedLogprobs(),
                batch.chosenLengths(),
                batch.rejectedLengths()),
            4)
        .value();
  }

  private static double[] plus(double[] values, double[] step, int sign) {
    double[] moved = new double[values.length];
    Arrays.setAll(moved, i -> values[i] + sign * step[i]);
    return moved;
  }

  private static PairBatch random(long seed) {
    var random = new Random(seed);
    return new PairBatch(
        random.doubles(4, -20, -1).toArray(),
        random.doubles(4, -20, -1).toArray(),
        random.doubles(4, -20, -1).toArray(),
        random.doubles(4, -20, -1).toArray(),
        random.ints(4, 1, 9).toArray(),
        random.ints(4, 1, 9).toArray());
  }
}
