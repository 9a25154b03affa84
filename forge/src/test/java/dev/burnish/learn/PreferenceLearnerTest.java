package dev.burnish.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.algorithm.preference.PairBatch;
import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.data.PreferencePair;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.Tensor;
import dev.burnish.testing.TinyModels;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.ReferenceModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PreferenceLearnerTest {
  private static final int VOCABULARY = 20;
  private static final double BETA = 0.3;

  private final SplittableRandom random = new SplittableRandom(8);

  private static LanguageModel model(long seed) {
    return TinyModels.llama(VOCABULARY, 1, seed);
  }

  private int[] tokens(int most) {
    return random.ints(1 + random.nextInt(most), 0, VOCABULARY).toArray();
  }

  private List<PreferencePair> pairs(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new PreferencePair(tokens(8), tokens(6), tokens(6), "pair " + i))
        .toList();
  }

  private static PreferenceLoss loss(String name) {
    return PreferenceLoss.named(name, BETA, 0.1);
  }

  /// The log-probability of an answer, its prompt repeated before it in a document of its own.
  private static double logprob(LanguageModel model, int[] prompt, int[] answer) {
    TokenForest forest = new TokenForest();
    int[] whole = Arrays.copyOf(prompt, prompt.length + answer.length);
    System.arraycopy(answer, 0, whole, prompt.length, answer.length);
    Targets targets =
        new Targets().addNode(forest, forest.add(TokenForest.ROOT, whole), prompt.length);
    try (Pass pass = model.decoder().evaluate(forest)) {
      double sum = 0;
      for (float value : pass.logprobs(targets, 1).logprobs()) {
        sum += value;
      }
      return sum;
    }
  }

  private static PairBatch unshared(
      LanguageModel policy, LanguageModel reference, List<PreferencePair> pairs) {
    return new PairBatch(
        pairs.stream().mapToDouble(p -> logprob(policy, p.prompt(), p.chosen())).toArray(),
        pairs.stream().mapToDouble(p -> logprob(policy, p.prompt(), p.rejected())).toArray(),
        pairs.stream().mapToDouble(p -> logprob(reference, p.prompt(), p.chosen())).toArray(),
        pairs.stream().mapToDouble(p -> logprob(reference, p.prompt(), p.rejected())).toArray(),
        pairs.stream().mapToInt(p -> p.chosen().length).toArray(),
        pairs.stream().mapToInt(p -> p.rejected().length).toArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"sigmoid", "sigmoid_norm", "cdpo", "robust", "hinge", "ipo", "ipo_sum"})
  void aSharedPromptGivesTheLossOfWholeSequences(String name) {
    try (LanguageModel policy = model(3);
        LanguageModel reference = model(4);
        LocalTrainer trainer = new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 1)) {
      List<PreferencePair> pairs = pairs(5);
      PairBatch batch = unshared(policy, reference, pairs);
      var expected = loss(name).evaluate(batch, 5);
      PreferenceLearner learner = new PreferenceLearner(trainer, loss(name), reference, 40);
      PreferenceMetrics heldOut = learner.evaluate(pairs);
      PreferenceReport report = learner.step(pairs);
      assertThat(report.step().loss())
          .isCloseTo(expected.value(), within(1e-5 * (1 + expected.value())));
      assertThat(report.metrics().loss()).isCloseTo(report.step().loss(), within(1e-6));
      assertThat(heldOut.loss()).isCloseTo(report.step().loss(), within(1e-6));
      assertThat(heldOut.accuracy()).isEqualTo(expected.numRight() / 5.0);
      assertThat(report.metrics().chosenReward())
          .isCloseTo(Arrays.stream(expected.chosenRewards()).average().orElseThrow(), within(1e-5));
      assertThat(heldOut.chosenLogprob())
          .isCloseTo(Arrays.stream(batch.chosenLogprobs()).average().orElseThrow(), within(1e-4));
      assertThat(heldOut.rejectedLogprob())
          .isCloseTo(Arrays.stream(batch.rejectedLogprobs()).average().orElseThrow(), within(1e-4));
      assertThat(report.metrics().margin())
          .isCloseTo(
              report.metrics().chosenReward() - report.metrics().rejectedReward(), within(1e-12));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sigmoid", "sigmoid_norm", "ipo"})
  void gradientsAreThoseOfFiniteDifferences(String name) {
    try (LanguageModel policy = model(3);
        LanguageModel reference = model(4)) {
      List<PreferencePair> pairs = pairs(4);
      Parameters part = policy.decoder().parts().get(1);
      float[] before = part.values().toFloatArray();
      // Gradient descent of rate 1 without momentum moves each weight by its gradient.
      OptimizerConfig descent =
          OptimizerConfig.defaults()
              .withName("sgd")
              .withSgd(new OptimizerConfig.Sgd(0, false))
              .withLr(1)
              .withClipNorm(0);
      try (LocalTrainer trainer = new LocalTrainer(policy.decoder(), descent, 1)) {
        new PreferenceLearner(trainer, loss(name), reference, 30).step(pairs);
      }
      float[] after = part.values().toFloatArray();
      try (LanguageModel again = model(3)) {
        Parameters fresh = again.decoder().parts().get(1);
        for (int trial = 0; trial < 12; trial++) {
          int index = random.nextInt(before.length);
          double numeric =
              (shifted(again, reference, fresh, index, 4e-3f, pairs, name)
                      - shifted(again, reference, fresh, index, -4e-3f, pairs, name))
                  / 8e-3;
          assertThat((double) before[index] - after[index])
              .as("%s[%d]", name, index)
              .isCloseTo(numeric, within(4e-3 * (1 + Math.abs(numeric))));
        }
      }
    }
  }

  private static double shifted(
      LanguageModel policy,
      LanguageModel reference,
      Parameters part,
      int index,
      float by,
      List<PreferencePair> pairs,
      String name) {
    try (Tensor view = part.values().narrow(0, index, 1)) {
      double before = view.item();
      view.fill_(before + by);
      double value = loss(name).evaluate(unshared(policy, reference, pairs), pairs.size()).value();
      view.fill_(before);
      return value;
    }
  }

  @Test
  void howPairsArePackedChangesNoNumber() {
    List<PreferencePair> pairs = pairs(7);
    List<PreferenceReport> reports = new ArrayList<>();
    for (int maxTokens : new int[] {1, 30, 10_000}) {
      try (LanguageModel policy = model(3);
          LanguageModel reference = model(4);
          LocalTrainer trainer =
              new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 1)) {
        reports.add(
            new PreferenceLearner(trainer, loss("sigmoid"), reference, maxTokens).step(pairs));
      }
    }
    for (PreferenceReport report : reports) {
      assertThat(report.step().loss()).isCloseTo(reports.getFirst().step().loss(), within(1e-6));
      assertThat(report.step().gradientNorm())
          .isCloseTo(reports.getFirst().step().gradientNorm(), within(1e-5));
      assertThat(report.metrics().accuracy())
          .isCloseTo(reports.getFirst().metrics().accuracy(), within(1e-9));
    }
  }

  /// Losses of some steps and the weights after them.
  private record Trained(List<Double> losses, List<PreferenceMetrics> heldOut, float[] weights) {}

  /// Three epochs over the pairs, in another order and so with other neighbours each time.
  ///
  /// @param remembers whether one trainer does all steps; else each step has one of its own, which
  ///   knows of no pair, as after a resume
  private Trained epochs(List<PreferencePair> pairs, int mostKept, boolean remembers) {
    try (LanguageModel policy = model(3);
        LanguageModel reference = model(4);
        LocalTrainer trainer =
            new LocalTrainer(policy.decoder(), OptimizerConfig.defaults().withLr(1e-2), 9)) {
      PreferenceLearner one =
          new PreferenceLearner(
              trainer, loss("sigmoid"), ReferenceModel.of(reference.decoder()), 50, mostKept);
      List<Double> losses = new ArrayList<>();
      List<PreferenceMetrics> heldOut = new ArrayList<>();
      for (int step = 0; step < 9; step++) {
        List<PreferencePair> order = new ArrayList<>(pairs);
        java.util.Collections.shuffle(order, new java.util.Random(step / 3));
        int from = step % 3 * 4;
        PreferenceLearner learner =
            remembers ? one : new PreferenceLearner(trainer, loss("sigmoid"), reference, 50);
        losses.add(learner.step(order.subList(from, from + 4)).step().loss());
        heldOut.add(learner.evaluate(order.subList(12, 15)));
      }
      return new Trained(losses, heldOut, policy.decoder().parts().get(1).values().toFloatArray());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 1000})
  void whatIsKeptOfTheReferenceChangesNoBit(int mostKept) {
    List<PreferencePair> pairs = pairs(15);
    Trained expected = epochs(pairs, 1000, false);
    Trained actual = epochs(pairs, mostKept, true);
    assertThat(actual.losses()).isEqualTo(expected.losses());
    assertThat(actual.heldOut()).isEqualTo(expected.heldOut());
    assertThat(actual.weights()).isEqualTo(expected.weights());
  }

  @Test
  void pairsThatShareAPartAreNotTakenForEachOther() {
    int[][] prompts = {{3, 5}, {5, 3}};
    int[][] answers = {{7}, {8, 9}, {9, 8}};
    try (LanguageModel policy = model(3);
        LanguageModel reference = model(4);
        LocalTrainer trainer = new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 9)) {
      PreferenceLearner one = new PreferenceLearner(trainer, loss("sigmoid"), reference, 50);
      for (int[] prompt : prompts) {
        for (int[] chosen : answers) {
          for (int[] rejected : answers) {
            if (!Arrays.equals(chosen, rejected)) {
              List<PreferencePair> pair =
                  List.of(new PreferencePair(prompt, chosen, rejected, "pair"));
              PreferenceLearner fresh =
                  new PreferenceLearner(trainer, loss("sigmoid"), reference, 50);
              assertThat(one.evaluate(pair)).isEqualTo(fresh.evaluate(pair));
            }
          }
        }
      }
    }
  }

  @Test
  void asksTheReferenceOncePerPairAsFarAsRoomGoes() {
    try (LanguageModel policy = model(3);
        LanguageModel reference = model(4);
        LocalTrainer trainer = new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 9)) {
      PreferenceLearner learner =
          new PreferenceLearner(
              trainer, loss("sigmoid"), ReferenceModel.of(reference.decoder()), 50, 4);
      List<PreferencePair> known = pairs(4);
      List<PreferencePair> beyond = pairs(2);
      learner.step(known);
      learner.step(beyond);
      // A reference that is asked again now returns nonsense.
      reference.decoder().parts().getFirst().values().fill_(Double.NaN);
      assertThat(learner.step(known.reversed()).step().loss()).isFinite();
      assertThat(learner.evaluate(known).loss()).isFinite();
      assertThat(learner.evaluate(beyond).loss()).isNaN();
    }
  }

  @Test
  void aPolicyThatIsItsReferenceBeginsAtLogTwo() {
    try (LanguageModel policy = model(3);
        LanguageModel reference = policy.copy();
        LocalTrainer trainer = new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 1)) {
      PreferenceReport report =
          new PreferenceLearner(trainer, loss("sigmoid"), reference, 100).step(pairs(3));
      assertThat(report.step().loss()).isCloseTo(Math.log(2), within(1e-6));
      assertThat(report.metrics().margin()).isZero();
      assertThat(report.metrics().accuracy()).as("a tie is not right").isZero();
    }
  }

  /// Prefers answers of rising tokens; trained on some prompts and judged on others.
  private List<PreferencePair> risingPairs(int count) {
    List<PreferencePair> pairs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int first = random.nextInt(VOCABULARY);
      int[] rising = {(first + 1) % VOCABULARY, (first + 2) % VOCABULARY};
      int[] falling = {(first + 19) % VOCABULARY, (first + 18) % VOCABULARY};
      pairs.add(new PreferencePair(new int[] {3, first}, rising, falling, "pair " + i));
    }
    return pairs;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void learnsAPreference(int rank) {
    try (LanguageModel policy = model(3).adapt(LoraConfig.defaults().withRank(rank), 1);
        LanguageModel copy = policy.copy();
        LocalTrainer trainer =
            new LocalTrainer(policy.decoder(), OptimizerConfig.defaults().withLr(1e-2), 60)) {
      LanguageModel reference = rank > 0 ? policy.base() : copy;
      PreferenceLearner learner = new PreferenceLearner(trainer, loss("sigmoid"), reference, 200);
      List<PreferencePair> heldOut = risingPairs(40);
      assertThat(learner.evaluate(heldOut).accuracy()).isLessThan(0.2);
      for (int step = 0; step < 60; step++) {
        learner.step(risingPairs(16));
      }
      PreferenceMetrics learned = learner.evaluate(heldOut);
      assertThat(learned.accuracy()).isGreaterThan(0.9);
      assertThat(learned.margin()).isGreaterThan(0.5);
      assertThat(learned.loss()).isLessThan(0.5);
    }
  }

  @Test
  void refusesPairsThatSayNothing() {
    int[] one = {1};
    assertThatThrownBy(() -> new PreferencePair(one, one, new int[] {1}, "x:3"))
        .hasMessageContaining("x:3");
    assertThatThrownBy(() -> new PreferencePair(new int[0], one, new int[] {2}, "x:3"))
        .hasMessageContaining("prompt=0");
    assertThatThrownBy(() -> PreferenceLoss.named("sigmoit", 0.1, 0))
        .hasMessageContaining("loss=sigmoit");
  }
}
