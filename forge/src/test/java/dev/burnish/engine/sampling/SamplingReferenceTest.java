package dev.burnish.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.SamplingParams.Logprobs;
import dev.burnish.rollout.TopLogprobs;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Random rows, sequences and parameters against [ScalarSampling].
class SamplingReferenceTest {
  private static final int[] ENDS = {1, 2};
  private static final double EPSILON = 2e-5;

  private static SamplingParams random(Random random, int vocabulary) {
    SamplingParams params =
        SamplingParams.defaults()
            .withTemperature(new double[] {0, 0.3, 1, 1.7}[random.nextInt(4)])
            .withSeed(random.nextLong());
    if (random.nextBoolean()) {
      params =
          params
              .withTopK(random.nextInt(3) * random.nextInt(vocabulary))
              .withTopP(random.nextBoolean() ? 1 : 0.02 + 0.97 * random.nextDouble())
              .withMinP(random.nextBoolean() ? 0 : Math.pow(random.nextDouble(), 3))
              .withTypicalP(random.nextInt(3) > 0 ? 1 : 0.05 + 0.9 * random.nextDouble());
    }
    if (random.nextBoolean()) {
      params =
          params
              .withRepetitionPenalty(0.7 + random.nextDouble())
              .withPresencePenalty(random.nextGaussian())
              .withFrequencyPenalty(random.nextGaussian());
    }
    if (random.nextBoolean()) {
      int id = random.nextInt(vocabulary);
      params =
          params
              .withBias(Map.of(id, 3.0, (id + 5) % vocabulary, -50.0))
              .withSuppressed(List.of((id + 1) % vocabulary))
              .withBadWords(List.of(List.of((id + 2) % vocabulary), List.of(3, 4)))
              .withStopTokens(List.of(5))
              .withMinTokens(3);
    }
    if (random.nextInt(4) == 0) {
      params = params.withAllowed(random.ints(9, 0, vocabulary).boxed().toList());
    }
    return params;
  }

  private static float[] logits(Random random, int vocabulary) {
    double spread = new double[] {0.01, 1, 3, 12}[random.nextInt(4)];
    float[] logits = new float[vocabulary];
    for (int i = 0; i < vocabulary; i++) {
      logits[i] = (float) (spread * random.nextGaussian());
    }
    if (random.nextInt(4) == 0) {
      logits[random.nextInt(vocabulary)] = Float.NEGATIVE_INFINITY;
    }
    return logits;
  }

  private static Draw draw(float[] logits, SequenceView sequence) {
    try (Tensor row = Tensor.of(logits, 1, logits.length)) {
      return new Sampler(ENDS, List.of()).draw(row, List.of(sequence)).getFirst();
    }
  }

  @Test
  void everyDrawIsThatOfTheScalarReference() {
    for (int seed = 0; seed < 1000; seed++) {
      Random random = new Random(seed);
      int vocabulary = 10 + random.nextInt(random.nextInt(10) == 0 ? 9000 : 130);
      int[] prompt = random.ints(4, 0, Math.min(vocabulary, 12)).toArray();
      int[] tokens = random.ints(random.nextInt(6), 0, Math.min(vocabulary, 12)).toArray();
      FakeSequence sequence =
          new FakeSequence(random(random, vocabulary), prompt, tokens, random.nextLong());
      check("seed=" + seed, logits(random, vocabulary), sequence);
    }
  }

  private static void check(String name, float[] logits, FakeSequence sequence) {
    SamplingParams params = sequence.sampling();
    double[] z = ScalarSampling.processed(logits, sequence, ENDS);
    Draw result = draw(logits, sequence);
    if (IntStream.range(0, z.length).allMatch(i -> z[i] == Double.NEGATIVE_INFINITY)) {
      assertThat(result).as(name).isInstanceOf(Draw.Refused.class);
      return;
    }
    Draw.Drawn draw = (Draw.Drawn) result;
    boolean greedy = params.temperature() == 0;
    double[] p = ScalarSampling.softmax(z, greedy ? 1 : params.temperature());
    assertThat((double) draw.logprob())
        .as(name)
        .isCloseTo(Math.log(p[draw.token()]), within(1e-4 * (1 + Math.abs(draw.logprob()))));
    if (greedy) {
      assertThat(z[draw.token()])
          .as(name)
          .isCloseTo(java.util.Arrays.stream(z).max().orElseThrow(), within(1e-5));
      return;
    }
    Set<Integer> kept = ScalarSampling.kept(p, params.truncation());
    double mass = kept.stream().mapToDouble(i -> p[i]).sum();
    double rounding = roundingOfTheCut(p, params.truncation(), mass);
    assertThat((double) draw.keptMass()).as(name).isCloseTo(mass, within(EPSILON + rounding));
    if (rounding == 0) {
      assertThat(kept).as(name).contains(draw.token());
      double uniform =
          (KeyedRandom.bits(sequence.key(), "token", sequence.length()) >>> 11) * 0x1.0p-53;
      double before =
          kept.stream().filter(i -> i < draw.token()).mapToDouble(i -> p[i]).sum() / mass;
      assertThat(uniform)
          .as(name)
          .isBetween(before - EPSILON, before + p[draw.token()] / mass + EPSILON);
    }
  }

  /// How much mass a share that is a little smaller or larger keeps, where it is not the same.
  private static double roundingOfTheCut(
      double[] p, SamplingParams.Truncation truncation, double mass) {
    double most = 0;
    for (double factor : new double[] {1 - 1e-6, 1 + 1e-6}) {
      SamplingParams.Truncation other =
          new SamplingParams.Truncation(
              truncation.topP() == 1 ? 1 : Math.min(1, truncation.topP() * factor),
              truncation.topK(),
              Math.min(1, truncation.minP() * factor),
              truncation.typicalP() == 1 ? 1 : Math.min(1, truncation.typicalP() * factor));
      double kept = ScalarSampling.kept(p, other).stream().mapToDouble(i -> p[i]).sum();
      most = Math.max(most, Math.abs(kept - mass));
    }
    return most;
  }

  @Test
  void aDrawDoesNotDependOnTheOtherRows() {
    Random random = new Random(7);
    int vocabulary = 5000;
    List<FakeSequence> sequences = new ArrayList<>();
    List<float[]> rows = new ArrayList<>();
    List<Draw> alone = new ArrayList<>();
    SamplingParams.Logprobs top = new Logprobs(3, Logprobs.Distribution.TEMPERED);
    for (int i = 0; i < 40; i++) {
      SamplingParams params = random(random, vocabulary).withLogprobs(top);
      sequences.add(new FakeSequence(params, new int[] {3}, new int[] {4, 4}, random.nextLong()));
      rows.add(logits(random, vocabulary));
      alone.add(draw(rows.getLast(), sequences.getLast()));
    }
    List<Integer> order = new ArrayList<>(IntStream.range(0, 40).boxed().toList());
    Collections.shuffle(order, random);
    float[] all = new float[40 * vocabulary];
    for (int i = 0; i < 40; i++) {
      System.arraycopy(rows.get(order.get(i)), 0, all, i * vocabulary, vocabulary);
    }
    try (Tensor logits_BV = Tensor.of(all, 40, vocabulary)) {
      List<Draw> together =
          new Sampler(ENDS, List.of()).draw(logits_BV, order.stream().map(sequences::get).toList());
      for (int i = 0; i < 40; i++) {
        assertThat(together.get(i))
            .usingRecursiveComparison()
            .ignoringFields("cause.stackTrace")
            .isEqualTo(alone.get(order.get(i)));
      }
    }
  }

  @Test
  void theLikeliestTokensAreThoseOfTheDistributionThatIsAskedFor() {
    float[] logits = {1, 5, 2, Float.NEGATIVE_INFINITY, 5, 3};
    SamplingParams params =
        SamplingParams.defaults().withTemperature(2).withSuppressed(List.of(4)).withTopK(1);
    double ofModel = Math.log(Math.exp(1) + 2 * Math.exp(5) + Math.exp(2) + Math.exp(3));
    double tempered = Math.log(Math.exp(0.5) + Math.exp(2.5) + Math.exp(1) + Math.exp(1.5));
    TopLogprobs before = top(logits, params, new Logprobs(3, Logprobs.Distribution.MODEL));
    TopLogprobs after = top(logits, params, new Logprobs(9, Logprobs.Distribution.TEMPERED));

    assertThat(before.tokens()).containsExactly(1, 4, 5);
    assertThat(before.logprobs())
        .containsExactly(
            new float[] {(float) (5 - ofModel), (float) (5 - ofModel), (float) (3 - ofModel)},
            within(1e-6f));
    assertThat(before.drawn()).isCloseTo((float) (5 - ofModel), within(1e-6f));
    assertThat(after.tokens()).containsExactly(1, 5, 2, 0);
    assertThat(after.logprobs())
        .containsExactly(
            new float[] {
              (float) (2.5 - tempered),
              (float) (1.5 - tempered),
              (float) (1 - tempered),
              (float) (0.5 - tempered)
            },
            within(1e-6f));
    assertThat(top(logits, params, new Logprobs(0, Logprobs.Distribution.MODEL)).tokens())
        .isEmpty();
  }

  private static TopLogprobs top(float[] logits, SamplingParams params, Logprobs asked) {
    FakeSequence sequence =
        new FakeSequence(params.withLogprobs(asked), new int[] {0}, new int[0], 0);
    return ((Draw.Drawn) draw(logits, sequence)).top().orElseThrow();
  }

  @Test
  void typicalKeepsWhatTransformersKeeps() {
    // By hand from TypicalLogitsWarper: the entropy of (0.5, 0.25, 0.125, 0.125) is 1.213, so the
    // surprises 0.693, 1.386, 2.079, 2.079 are 0.520, 0.173, 0.866, 0.866 away from it.
    float[] logits = new float[4];
    double[] p = {0.5, 0.25, 0.125, 0.125};
    for (int i = 0; i < 4; i++) {
      logits[i] = (float) Math.log(p[i]);
    }
    double[][] keptOfShare = {{0.2, 0.25}, {0.25, 0.25}, {0.3, 0.75}, {0.75, 0.75}, {0.8, 1}};
    for (double[] each : keptOfShare) {
      // A little less than the share, whose sum is not exact in single precision.
      SamplingParams params = SamplingParams.defaults().withTypicalP(each[0] - 1e-6);
      Draw.Drawn draw = (Draw.Drawn) draw(logits, FakeSequence.many(params, 1, 0).getFirst());
      assertThat((double) draw.keptMass()).as("%s", each[0]).isCloseTo(each[1], within(1e-6));
    }
  }

  @Test
  void penaltiesAreThoseOfTransformersAndOpenAi() {
    // Token 3 is in the prompt alone, token 4 twice in the completion.
    float[] logits = {0, 0, 0, 2, -2, 0};
    FakeSequence sequence =
        new FakeSequence(
            SamplingParams.defaults()
                .withPenalties(new SamplingParams.Penalties(2, 0.5, 0.25))
                .withLogprobs(new Logprobs(6, Logprobs.Distribution.TEMPERED)),
            new int[] {3},
            new int[] {4, 4},
            0);
    TopLogprobs top = ((Draw.Drawn) draw(logits, sequence)).top().orElseThrow();
    // 2 / 2 = 1; -2 * 2 - 0.5 - 2 * 0.25 = -5.
    assertThat(top.tokens()).containsExactly(3, 0, 1, 2, 5, 4);
    assertThat(top.logprobs()[0] - top.logprobs()[1]).isCloseTo(1, within(1e-6f));
    assertThat(top.logprobs()[5] - top.logprobs()[1]).isCloseTo(-5, within(1e-6f));
  }

  @Test
  void aProcessorSeesTheSequenceAndChangesItsRowAlone() {
    FakeSequence first =
        new FakeSequence(SamplingParams.greedy(9), new int[] {7}, new int[] {2}, 1);
    FakeSequence second = new FakeSequence(SamplingParams.greedy(9), new int[] {7}, new int[0], 2);
    List<Logits> kept = Collections.synchronizedList(new ArrayList<>());
    LogitsProcessor forbidsRepeating =
        (sequence, logits) -> {
          kept.add(logits);
          for (int i = 0; i < sequence.length(); i++) {
            logits.set(sequence.token(i), Float.NEGATIVE_INFINITY);
          }
        };
    LogitsProcessor fails =
        (sequence, _) -> {
          if (sequence.key() == 2) {
            throw new IllegalStateException("not this one");
          }
        };
    try (Tensor logits_BV = Tensor.of(new float[] {0, 1, 2, 0, 1, 2}, 2, 3)) {
      List<Draw> draws =
          new Sampler(new int[0], List.of(forbidsRepeating, fails))
              .draw(logits_BV, List.of(first, second));
      assertThat(((Draw.Drawn) draws.getFirst()).token()).isEqualTo(1);
      assertThat(((Draw.Refused) draws.get(1)).cause()).hasMessage("not this one");
    }
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> kept.getFirst().get(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("during the call");
  }

  @Test
  void whereNoTokenIsLeftTheCauseIsNamed() {
    SamplingParams params =
        SamplingParams.defaults().withAllowed(List.of(1)).withSuppressed(List.of(1));
    Draw draw = draw(new float[] {1, 2, 3}, FakeSequence.many(params, 1, 4).getFirst());
    assertThat(((Draw.Refused) draw).cause())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("a token must be left to draw: position=4");
  }
}
