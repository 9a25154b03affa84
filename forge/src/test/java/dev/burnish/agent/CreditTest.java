package dev.burnish.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CreditTest {
  private static double[] centred(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Arrays.stream(values).map(value -> value - mean).toArray();
  }

  private static final List<double[]> REWARDS =
      List.of(new double[] {1, 0, 2}, new double[] {0, 1}, new double[] {2});

  @Test
  void anEpisodesAnswersShareTheAdvantageOfItsSum() {
    List<double[]> of = Credit.ofEpisodes().of(REWARDS, CreditTest::centred); // 3, 1, 2
    assertThat(of.get(0)).containsExactly(1, 1, 1);
    assertThat(of.get(1)).containsExactly(-1, -1);
    assertThat(of.get(2)).containsExactly(0);
  }

  @Test
  void aTurnIsComparedWithTheSameTurnOfTheOthers() {
    List<double[]> of = Credit.ofTurns(1).of(REWARDS, CreditTest::centred); // 3 2 2, 1 1, 2
    assertThat(of.get(0)).containsExactly(1, 0.5, 0);
    assertThat(of.get(1)).containsExactly(-1, -0.5);
    assertThat(of.get(2)).containsExactly(0);
  }

  @Test
  void laterRewardsAreDiscounted() {
    List<double[]> of = Credit.ofTurns(0.5).of(REWARDS, values -> values);
    assertThat(of.get(0)).containsExactly(1.5, 1, 2);
    assertThat(of.get(1)).containsExactly(0.5, 1);
  }

  @Test
  void aDiscountOutsideOfItsRangeIsRefused() {
    assertThatThrownBy(() -> Credit.ofTurns(1.1)).hasMessageContaining("discount=1.1");
    assertThatThrownBy(() -> Credit.ofTurns(Double.NaN)).hasMessageContaining("discount=NaN");
  }
}
