package dev.burnish.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RateWindowTest {
  private static final long SECOND = 1_000_000_000L;

  /// The anchor keeps the last 100 times and reports 1.667/s whatever the rate is.
  @Test
  void aRateIsExactHoweverHigh() {
    RateWindow window = new RateWindow(60, 0);
    for (int i = 0; i < 600; i++) {
      window.count(i * SECOND / 10);
    }
    assertThat(window.perSecond(60 * SECOND)).isCloseTo(10, within(0.2));
    for (int i = 0; i < 100_000; i++) {
      window.count(60 * SECOND + i);
    }
    assertThat(window.perSecond(61 * SECOND - 1)).isCloseTo(100_590 / 60.0, within(2.0));
  }

  @Test
  void aRateBeginsWithTheWindowAndForgetsWhatIsOlder() {
    RateWindow window = new RateWindow(10, 5 * SECOND);
    for (int i = 0; i < 8; i++) {
      window.count(5 * SECOND + i);
    }
    assertThat(window.perSecond(5 * SECOND + 10)).as("a second at least").isEqualTo(8);
    assertThat(window.perSecond(9 * SECOND)).isEqualTo(2);
    assertThat(window.perSecond(16 * SECOND)).isZero();
  }
}
