package dev.burnish.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SurrogateLossTest {
  private static final PpoClip CLIP = new PpoClip(0.2, 0.28);

  static Stream<SurrogateLoss> losses() {
    var base = SurrogateLoss.of(CLIP);
    var product = Surrogate.Level.SEQUENCE_PRODUCT;
    var mean = Surrogate.Level.SEQUENCE_MEAN;
    return Stream.of(
        base,
        SurrogateLoss.grpo(0.3),
        SurrogateLoss.drGrpo(32),
        SurrogateLoss.dppo(),
        SurrogateLoss.reinforce(),
        SurrogateLoss.gspo(0.2, 0.2),
        SurrogateLoss.gspo(0.2, 0.2).withAggregation(new Aggregation.SequenceMeanTokenSum(1)),
        base.withLevel(product).withAggregation(new Aggregation.PromptMean()),
        SurrogateLoss.of(new DualClip(CLIP, 1.5)).withAggregation(new Aggregation.PromptMean()),
        SurrogateLoss.of(new TwoSidedClip(CLIP, 1.6)),
        SurrogateLoss.of(new Cispo(0.8, 1.2)),
        base.withKl(new Kl.Penalty(Kl.K1, 0.5)),
        base.withKl(new Kl.Penalty(Kl.ABS, 0.5)),
        base.withKl(new Kl.Penalty(Kl.K2, 0.5)),
        base.withKl(new Kl.Penalty(Kl.UNBIASED, 0.5)),
        base.withCorrection(new Correction.TokenTruncate(0.5, 1.1)),
        base.withCorrection(new Correction.TokenMask(0.7, 1.3)),
        base.withCorrection(new Correction.SequenceTruncate(product, 0, 1.2)),
        base.withCorrection(new Correction.SequenceMask(mean, 0.9, 1.1, Surrogate.Level.TOKEN)),
        base.withCorrection(
            new Correction.Product(
                List.of(
                    new Correction.TokenReject(Kl.K2, 0.1),
                    new Correction.SequenceReject(Kl.K3, 0.05)))),
        base.withMask(new OffPolicyMask(0.02)));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void gradientIsThatOfFiniteDifferences(SurrogateLoss loss) {
    for (long seed = 1; seed <= 10; seed++) {
      TokenBatch batch = Batches.random(seed);
      var global = Denominators.of(batch.layout());
      double[] gradient = loss.evaluate(batch, global).gradient();
      for (int t = 0; t < gradient.length; t++) {
        assertThat(gradient[t])
            .as("seed %d token %d", seed, t)
            .isCloseTo(difference(loss, batch, global, t), within(1e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("losses")
  void partsOfABatchAddUpToTheWhole(SurrogateLoss loss) {
    for (long seed = 1; seed <= 20; seed++) {
      TokenBatch batch = Batches.random(seed);
      var global = Denominators.of(batch.layout());
      LossResult whole = loss.evaluate(batch, global);
      double value = 0;
      double[] gradient = new double[0];
      var metrics = LossResult.Metrics.ZERO;
      for (TokenBatch part : Batches.split(batch, new Random(seed))) {
        LossResult result = loss.evaluate(part, global);
        value += result.value();
        gradient = concat(gradient, result.gradient());
        metrics = metrics.plus(result.metrics());
      }
      assertThat(value).as("seed %d", seed).isCloseTo(whole.value(), within(1e-12));
      assertThat(gradient).as("seed %d", seed).containsExactly(whole.gradient());
      assertThat(metrics.oldKl()).isCloseTo(whole.metrics().oldKl(), within(1e-12));
      assertThat(metrics.ratioMax()).isEqualTo(whole.metrics().ratioMax());
    }
  }

  @ParameterizedTest
  @MethodSource("losses")
  void aTokenLocalLossGivesTheSameInChunks(SurrogateLoss loss) {
    for (long seed = 1; seed <= 20; seed++) {
      TokenBatch batch = Batches.random(seed);
      var global = Denominators.of(batch.layout());
      int tokens = batch.layout().numTokens();
      if (!loss.tokenLocal(batch)) {
        assertThatThrownBy(() -> loss.evaluate(batch, global, 1, tokens))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("needs whole sequences");
        continue;
      }
      LossResult whole = loss.evaluate(batch, global);
      double[] known = new double[tokens];
      Arrays.fill(known, Double.NaN);
      double value = 0;
      double[] gradient = new double[0];
      for (int from = 0; from < tokens; from += 3) {
        int to = Math.min(tokens, from + 3);
        System.arraycopy(batch.logprobs(), from, known, from, to - from);
        LossResult chunk = loss.evaluate(batch.withLogprobs(known), global, from, to);
        value += chunk.value();
        gradient = concat(gradient, chunk.gradient());
        Arrays.fill(known, Double.NaN);
      }
      assertThat(value).as("seed %d", seed).isCloseTo(whole.value(), within(1e-12));
      assertThat(gradient).as("seed %d", seed).containsExactly(whole.gradient());
    }
  }

  @Test
  void withoutOldLogProbabilitiesTheRatioIsOneAndItsGradientTheAdvantage() {
    TokenBatch batch = Batches.random(3).withOldLogprobs(new double[0]);
    var global = Denominators.of(batch.layout());

    LossResult result = SurrogateLoss.of(CLIP).evaluate(batch, global);

    for (int t = 0; t < result.gradient().length; t++) {
      double expected = batch.layout().mask()[t] ? -batch.advantages()[t] / global.tokens() : 0;
      assertThat(result.gradient()[t]).isCloseTo(expected, within(1e-15));
    }
    assertThat(result.metrics().clipFraction()).isZero();
  }

  @Test
  void maskedTokensHaveNoPartEvenIfTheyAreNotNumbers() {
    TokenBatch batch = Batches.random(4);
    var global = Denominators.of(batch.layout());
    double[] logprobs = batch.logprobs().clone();
    for (int t = 0; t < logprobs.length; t++) {
      logprobs[t] = batch.layout().mask()[t] ? logprobs[t] : Double.NaN;
    }

    LossResult result = SurrogateLoss.gspo(0.2, 0.2).evaluate(batch.withLogprobs(logprobs), global);

    assertThat(result.value())
        .isEqualTo(SurrogateLoss.gspo(0.2, 0.2).evaluate(batch, global).value());
    assertThat(result.gradient()).doesNotContain(Double.NaN);
  }

  @Test
  void aNumberThatIsNotOneReachesTheValue() {
    TokenBatch batch = Batches.random(5);
    double[] logprobs = batch.logprobs().clone();
    int target = 0;
    while (!batch.layout().mask()[target]) {
      target++;
    }
    logprobs[target] = Double.NaN;

    LossResult result =
        SurrogateLoss.of(CLIP)
            .evaluate(batch.withLogprobs(logprobs), Denominators.of(batch.layout()));

    assertThat(result.value()).isNaN();
  }

  @Test
  void k3StraightThroughHasTheValueOfK3AndTheGradientOfK2() {
    double x = 0.7;

    assertThat(Kl.K3_STRAIGHT_THROUGH.value(x, 1)).isEqualTo(Kl.K3.value(x, 1));
    assertThat(Kl.K3_STRAIGHT_THROUGH.slope(x, 1)).isEqualTo(Kl.K2.slope(x, 1));
  }

  @Test
  void whatALossNeedsAndDoesNotGetIsNamed() {
    TokenBatch batch = Batches.random(6);
    var global = Denominators.of(batch.layout());

    assertThatThrownBy(
            () -> SurrogateLoss.grpo(0.1).evaluate(batch.withRefLogprobs(new double[0]), global))
        .hasMessageContaining("refLogprobs is empty; set beta=0");
    assertThatThrownBy(
            () -> SurrogateLoss.dppo().evaluate(batch.withRolloutLogprobs(new double[0]), global))
        .hasMessageContaining("rolloutLogprobs is empty");
    assertThatThrownBy(() -> batch.withLogprobs(new double[2]))
        .hasMessageContaining("logprobs.length=2 tokens=" + batch.layout().numTokens());
    assertThatThrownBy(() -> new PpoClip(Double.NaN, 0.2)).hasMessageContaining("clipLow=NaN");
  }

  /// A central difference of the objective whose gradient is meant: factors whose gradient is
  /// stopped (the correction, CISPO's weights, the off-policy mask) are held at their values.
  private static double difference(
      SurrogateLoss loss, TokenBatch batch, Denominators global, int token) {
    double step = 1e-6;
    return (objective(loss, batch, global, token, step)
            - objective(loss, batch, global, token, -step))
        / (2 * step);
  }

  private static double objective(
      SurrogateLoss loss, TokenBatch batch, Denominators global, int token, double step) {
    double[] moved = batch.logprobs().clone();
    moved[token] += step;
    LossSum.PointFunction points =
        loss.surrogate() instanceof Cispo cispo
            ? (logprob, anchor, a) -> frozen(cispo, batch, logprob, anchor, a, moved, step)
            : loss.surrogate()::at;
    int tokens = batch.layout().numTokens();
    return loss.evaluate(batch.withLogprobs(moved), global, 0, tokens, points).value();
  }

  /// CISPO with the weight of the point before the step.
  private static Surrogate.Point frozen(
      Cispo cispo,
      TokenBatch batch,
      double logprob,
      double anchor,
      double advantage,
      double[] moved,
      double step) {
    boolean stepped =
        Arrays.stream(batch.logprobs()).noneMatch(original -> original == logprob)
            && Arrays.stream(moved).anyMatch(value -> value == logprob);
    double slope = cispo.at(stepped ? logprob - step : logprob, anchor, advantage).slope();
    return new Surrogate.Point(slope * logprob, slope, false);
  }

  private static double[] concat(double[] first, double[] second) {
    return java.util.stream.DoubleStream.concat(Arrays.stream(first), Arrays.stream(second))
        .toArray();
  }
}
