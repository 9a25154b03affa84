package dev.burnish.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EntropyTest {
  @Test
  void ofEqualLogitsIsTheLogarithmOfTheirNumber() {
    assertThat(Entropy.of(new double[] {5, 5, 5, 5})).isCloseTo(Math.log(4), within(1e-15));
  }

  @Test
  void hugeAndImpossibleLogitsStayFinite() {
    double[] logits = {1e4, 0, Double.NEGATIVE_INFINITY};

    assertThat(Entropy.of(logits)).isZero();
    assertThat(Entropy.gradient(logits)).doesNotContain(Double.NaN);
  }

  @Test
  void gradientIsThatOfFiniteDifferences() {
    double[] logits = {0.3, -1.2, 2.5, 0.9};
    double[] gradient = Entropy.gradient(logits);
    for (int j = 0; j < logits.length; j++) {
      double[] up = logits.clone();
      double[] down = logits.clone();
      up[j] += 1e-6;
      down[j] -= 1e-6;
      assertThat(gradient[j]).isCloseTo((Entropy.of(up) - Entropy.of(down)) / 2e-6, within(1e-8));
    }
  }
}
