package dev.burnish.algorithm.advantage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.algorithm.TokenLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdvantagesTest {
  @Test
  void equalRewardsHaveNoAdvantage() {
    double[] equal = {0.3, 0.3, 0.3};

    assertThat(Advantages.grpo(equal)).containsExactly(0, 0, 0);
    assertThat(Advantages.rlooScaled(equal, 1e-6)).containsExactly(new double[3], within(1e-15));
    assertThat(Advantages.maxRl(new double[3])).containsExactly(0, 0, 0);
  }

  @Test
  void aGroupOfOneKeepsItsReward() {
    double[] one = {2};

    assertThat(Advantages.grpo(one)[0]).isCloseTo(2, within(1e-5));
    assertThat(Advantages.rloo(one)).containsExactly(2);
    assertThat(Advantages.drGrpo(one)).containsExactly(0);
  }

  @Test
  void aGroupOfTwoIsOnlyCentredByTheLeaveOneOutScale() {
    assertThat(Advantages.rlooScaled(new double[] {1, 0}, 1e-6)).containsExactly(1, -1);
  }

  @Test
  void groupsNeedNotBeContiguous() {
    double[] rewards = {1, 5, 0, 7};

    assertThat(Advantages.byGroup(rewards, new int[] {3, 9, 3, 9}, Advantages::drGrpo))
        .containsExactly(0.5, -1, -0.5, 1);
    assertThat(Advantages.grpo(List.of(1.0, 0.0))).isEqualTo(Advantages.grpo(new double[] {1, 0}));
  }

  @Test
  void batchScaleDividesEveryGroupByTheSameDeviation() {
    double[] rewards = {1, 0, 10, 0};
    double[] scaled = Advantages.grpoBatchScaled(rewards, new int[] {0, 0, 1, 1}, 0);

    assertThat(scaled[2] / scaled[0]).isCloseTo(10, within(1e-12));
  }

  @Test
  void aRewardThatIsNotANumberIsRefused() {
    assertThatThrownBy(() -> Advantages.grpo(new double[] {1, Double.NaN}))
        .hasMessageContaining("rewards[1]=NaN");
  }

  /// Source: SkyRL's published returns for r=[1,2,3], V=[.5,1,1.5].
  @Test
  void gaeGivesSkyRlsPublishedReturns() {
    var layout = TokenLayout.of(new int[] {3}, new int[] {0});
    double[] rewards = {1, 2, 3};
    double[] values = {0.5, 1, 1.5};

    assertThat(new Gae(1, 0.5, Gae.Masked.SKIP).estimate(layout, rewards, values).returns())
        .containsExactly(3.625, 4.25, 3.0);
    assertThat(new Gae(0.5, 1, Gae.Masked.KEEP).estimate(layout, rewards, values).returns())
        .containsExactly(2.75, 3.5, 3.0);
  }

  @Test
  void keptMaskedTokensTakePartInGae() {
    var layout =
        new TokenLayout(new int[] {0, 3}, new int[] {0}, new boolean[] {true, false, true});
    double[] values = {0.3, 0.9, 0.5};
    double[] rewards = {0, 0, 1};

    var kept = new Gae(1, 1, Gae.Masked.KEEP).estimate(layout, rewards, values);
    var skipped = new Gae(1, 0, Gae.Masked.SKIP).estimate(layout, rewards, values);

    assertThat(kept.advantages()[0]).isCloseTo(0.7, within(1e-12));
    assertThat(skipped.advantages()[0]).isCloseTo(0.2, within(1e-12));
    assertThat(kept.advantages()[1]).isZero();
  }

  @Test
  void vapoTrustsLongResponsesMore() {
    assertThat(Gae.vapoLambda(0.05, 100)).isCloseTo(0.8, within(1e-12));
    assertThat(Gae.vapoLambda(0.05, 1)).isZero();
  }

  @Test
  void whiteningIgnoresMaskedTokens() {
    double[] values = {1, 100, 3};
    double[] white = Whitening.POPULATION.apply(values, new boolean[] {true, false, true});

    assertThat(white).containsExactly(-1, 0, 1);
    assertThat(Whitening.SAMPLE.apply(new double[] {4, 4}, new boolean[] {true, true}))
        .containsExactly(0, 0);
  }

  @Test
  void klInTheRewardLowersEveryTargetAndTheOutcomeStaysOnTheLast() {
    var layout =
        new TokenLayout(new int[] {0, 3}, new int[] {0}, new boolean[] {true, true, false});
    double[] rewards = Returns.outcomeLessKl(layout, new double[] {1}, new double[] {2, 3, 5}, 0.1);

    assertThat(rewards).containsExactly(-0.2, 0.7, 0);
  }

  @Test
  void everyEstimatorIsFiniteOnEmptyAndMaskedSequences() {
    var layout = new TokenLayout(new int[] {0, 0, 2}, new int[] {0, 0}, new boolean[2]);
    double[] rewards = {1, 0};

    assertThat(Returns.reinforcePlusPlus(layout, rewards, 1, Whitening.SAMPLE))
        .containsExactly(0, 0);
    assertThat(Arrays.stream(Returns.outcome(layout, rewards)).sum()).isZero();
  }
}
