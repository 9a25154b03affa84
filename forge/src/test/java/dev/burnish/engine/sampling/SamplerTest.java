package dev.burnish.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.rollout.SamplingParams;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
  private static final float[] PROBABILITIES = {0.05f, 0.4f, 0.1f, 0.25f, 0.2f};
  private static final int DRAWS = 20_000;

  /// Counts how often each token is drawn, and checks that each log-probability is that of the
  /// whole distribution.
  private static double[] frequencies(SamplingParams params) {
    float[] logits = new float[DRAWS * PROBABILITIES.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(PROBABILITIES[i % PROBABILITIES.length]) + 3;
    }
    double[] counts = new double[PROBABILITIES.length];
    try (TensorScope _ = TensorScope.open()) {
      Tensor rows = Tensor.of(logits, DRAWS, PROBABILITIES.length);
      for (Draw each :
          new Sampler(new int[0], List.of()).draw(rows, FakeSequence.many(params, DRAWS, 0))) {
        Draw.Drawn draw = (Draw.Drawn) each;
        counts[draw.token()] += 1.0 / DRAWS;
        if (params.temperature() == 1) {
          assertThat(Math.exp(draw.logprob())).isCloseTo(PROBABILITIES[draw.token()], within(1e-6));
        }
      }
    }
    return counts;
  }

  private static void assertFrequencies(SamplingParams params, double... expected) {
    double[] actual = frequencies(params);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).as("token %d", i).isCloseTo(expected[i], within(0.012));
      if (expected[i] == 0) {
        assertThat(actual[i]).isZero();
      }
    }
  }

  @Test
  void drawsInProportionToProbability() {
    assertFrequencies(SamplingParams.defaults(), 0.05, 0.4, 0.1, 0.25, 0.2);
  }

  @Test
  void temperatureSharpensAndZeroTakesTheMostLikely() {
    double[] squared = {0.0025, 0.16, 0.01, 0.0625, 0.04};
    double sum = 0.275;
    for (int i = 0; i < squared.length; i++) {
      squared[i] /= sum;
    }
    assertFrequencies(SamplingParams.defaults().withTemperature(0.5), squared);
    assertFrequencies(SamplingParams.defaults().withTemperature(0), 0, 1, 0, 0, 0);
  }

  @Test
  void topKKeepsTheMostLikely() {
    assertFrequencies(SamplingParams.defaults().withTopK(2), 0, 0.4 / 0.65, 0, 0.25 / 0.65, 0);
    assertFrequencies(SamplingParams.defaults().withTopK(99), 0.05, 0.4, 0.1, 0.25, 0.2);
  }

  @Test
  void topPKeepsTheSmallestSetOfThatMass() {
    assertFrequencies(
        SamplingParams.defaults().withTopP(0.7), 0, 0.4 / 0.85, 0, 0.25 / 0.85, 0.2 / 0.85);
    assertFrequencies(SamplingParams.defaults().withTopP(0.1), 0, 1, 0, 0, 0);
    assertFrequencies(
        SamplingParams.defaults().withTopP(0.9).withTopK(2), 0, 0.4 / 0.65, 0, 0.25 / 0.65, 0);
  }

  @Test
  void topPIsAShareOfWhatTopKLeaves() {
    // 0.4 of 0.65 is above 0.6, of 1 it is not.
    SamplingParams both = SamplingParams.defaults().withTopK(2).withTopP(0.6);
    assertFrequencies(both, 0, 1, 0, 0, 0);
    assertFrequencies(both.withTopP(0.62), 0, 0.4 / 0.65, 0, 0.25 / 0.65, 0);
    assertFrequencies(both.withTopK(4).withTopP(0.7), 0, 0.4 / 0.85, 0, 0.25 / 0.85, 0.2 / 0.85);
    assertFrequencies(both.withTopK(99).withTopP(0.39), 0, 1, 0, 0, 0);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-3, 1e-8, 1e-30, 1e-40, 1e-300, Double.MIN_VALUE})
  void atATinyTemperatureTheLikeliestIsDrawn(double temperature) {
    assertFrequencies(SamplingParams.defaults().withTemperature(temperature), 0, 1, 0, 0, 0);
  }

  @Test
  void logitsThatAreNotFiniteAreRefused() {
    for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (double temperature : new double[] {0, 1, 1e-40}) {
        SamplingParams params = SamplingParams.defaults().withTemperature(temperature);
        for (SamplingParams each : List.of(params, params.withTopK(2), params.withTopP(0.5))) {
          try (Tensor row = Tensor.of(new float[] {1, broken, 2}, 1, 3)) {
            Draw draw =
                new Sampler(new int[0], List.of())
                    .draw(row, FakeSequence.many(each, 1, 7))
                    .getFirst();
            assertThat(draw).as("%s %s", broken, each).isInstanceOf(Draw.Refused.class);
            assertThat(((Draw.Refused) draw).cause())
                .isInstanceOf(NonFiniteLogitsException.class)
                .hasMessageContaining("position=7 logits=NaN or infinite");
          }
        }
      }
    }
  }

  @Test
  void suppressedTokensAreNeverDrawn() {
    assertThat(
            frequencies(SamplingParams.defaults().withTemperature(0.99).withSuppressed(List.of(1)))[
                1])
        .isZero();
  }

  @Test
  void refusesParametersOutOfRange() {
    assertThatThrownBy(() -> SamplingParams.defaults().withTopP(0))
        .hasMessageContaining("topP=0.0");
    assertThatThrownBy(() -> SamplingParams.defaults().withTemperature(-1))
        .hasMessageContaining("temperature=-1.0");
    assertThatThrownBy(() -> SamplingParams.defaults().withN(0)).hasMessageContaining("n=0");
    assertThatThrownBy(() -> SamplingParams.defaults().withMaxTokens(0))
        .hasMessageContaining("maxTokens=0");
    assertThatThrownBy(() -> SamplingParams.defaults().withStop(List.of("")))
        .hasMessageContaining("at least one character");
    assertThatThrownBy(() -> SamplingParams.defaults().withMinP(1.1))
        .hasMessageContaining("minP=1.1");
    assertThatThrownBy(() -> SamplingParams.defaults().withTypicalP(0))
        .hasMessageContaining("typicalP=0.0");
    assertThatThrownBy(() -> SamplingParams.defaults().withRepetitionPenalty(0))
        .hasMessageContaining("repetition=0.0; 1 is off");
    assertThatThrownBy(() -> SamplingParams.defaults().withN(3).withBestOf(2))
        .hasMessageContaining("bestOf must be at least n=3: bestOf=2");
    assertThatThrownBy(() -> SamplingParams.greedy(4).withMinTokens(5))
        .hasMessageContaining("at most maxTokens=4: minTokens=5");
    assertThatThrownBy(() -> SamplingParams.defaults().withBadWords(List.of(List.of())))
        .hasMessageContaining("at least one token");
    assertThatThrownBy(() -> SamplingParams.defaults().withBias(Map.of(1, Double.NaN)))
        .hasMessageContaining("bias={1=NaN}");
    assertThatThrownBy(() -> SamplingParams.defaults().withStopTokens(List.of(-1)))
        .hasMessageContaining("stop.tokens=[-1]");
    assertThatThrownBy(() -> SamplingParams.defaults().withAllowed(List.of(9)).requireVocabulary(9))
        .hasMessageContaining("[0, 9), the model's vocabulary: token=9");
  }
}
