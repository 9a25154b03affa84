package dev.burnish.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EarlyStoppingTest {
  private final RunSummary summary = new RunSummary();
  private final EarlyStopping stopping = new EarlyStopping(summary, "evalLoss");

  @Test
  void endsOnceTheValueHasNotFallenForLong() {
    assertThat(stopping.end(2, 1.5, 4)).isEmpty();
    assertThat(stopping.end(4, 1.25, 4)).isEmpty();
    assertThat(stopping.end(6, 1.25, 4)).isEmpty();
    assertThat(stopping.end(8, 1.5, 4)).contains("evalLoss has not been below 1.2500 for 4 steps");
    assertThat(summary.get("bestEvalLoss")).contains(1.25);
    assertThat(summary.get("bestEvalLossStep")).contains(4.0);
  }

  @Test
  void neverEndsWithoutPatienceAndRemembersInTheSummary() {
    assertThat(stopping.end(1, 1, 0)).isEmpty();
    assertThat(stopping.end(1000, 2, 0)).isEmpty();
    RunSummary later = new RunSummary();
    later.resume(summary.state());
    assertThat(new EarlyStopping(later, "evalLoss").end(11, 2, 10)).isPresent();
  }

  @Test
  void aValueThatIsNoNumberIsNotTheBestForLong() {
    stopping.end(1, Double.NaN, 5);
    assertThat(stopping.end(2, 3, 5)).isEmpty();
    assertThat(summary.get("bestEvalLoss")).contains(3.0);
  }
}
