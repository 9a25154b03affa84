package dev.burnish.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.data.TokenizedExample;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Pass;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.TensorScope;
import dev.burnish.testing.ChildJvm;
import dev.burnish.testing.TinyModels;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.StepReport;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SupervisedLearnerTest {
  private static final int VOCABULARY = 20;

  static LanguageModel model() {
    return TinyModels.llama(VOCABULARY, 1, 3);
  }

  static LocalTrainer trainer(LanguageModel model) {
    return new LocalTrainer(model.decoder(), OptimizerConfig.defaults().withLr(1e-2), 1000);
  }

  /// Documents of different lengths, parts of which are learned.
  static List<TokenizedExample> documents(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    List<TokenizedExample> documents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] tokens = random.ints(3 + random.nextInt(15), 0, VOCABULARY).toArray();
      boolean[] lossMask = new boolean[tokens.length];
      for (int t = 0; t < lossMask.length; t++) {
        lossMask[t] = t == tokens.length - 1 || random.nextInt(3) > 0;
      }
      documents.add(new TokenizedExample(tokens, lossMask, "document " + i));
    }
    return documents;
  }

  /// The mean from the logits of each document alone, spelled out.
  private static double meanOfEachAlone(LanguageModel model, List<TokenizedExample> documents) {
    double sum = 0;
    int count = 0;
    for (TokenizedExample document : documents) {
      TokenForest forest = new TokenForest();
      forest.add(TokenForest.ROOT, document.tokens());
      try (TensorScope _ = TensorScope.open();
          Pass pass = model.decoder().evaluate(forest)) {
        for (int t = 1; t < document.tokens().length; t++) {
          if (document.lossMask()[t]) {
            float[] logits = pass.logits(t - 1).toFloatArray();
            double total =
                IntStream.range(0, VOCABULARY).mapToDouble(v -> Math.exp(logits[v])).sum();
            sum -= logits[document.tokens()[t]] - Math.log(total);
            count++;
          }
        }
      }
    }
    return sum / count;
  }

  @Test
  void theLossIsTheMeanOverTheLearnedTokensOfDocumentsThatDoNotSeeEachOther() {
    try (LanguageModel model = model();
        LocalTrainer trainer = trainer(model)) {
      List<TokenizedExample> documents = documents(1, 7);
      double expected = meanOfEachAlone(model, documents);
      SupervisedLearner learner = new SupervisedLearner(trainer, 1000);
      EvalReport report = learner.evaluate(documents);
      assertThat(report.loss()).isCloseTo(expected, within(1e-5));
      assertThat(report.perplexity()).isCloseTo(Math.exp(expected), within(1e-3));
      assertThat(report.targets())
          .isEqualTo(documents.stream().mapToInt(TokenizedExample::numTargets).sum());
      assertThat(learner.step(documents).loss()).isCloseTo(expected, within(1e-5));
    }
  }

  @Test
  void howDocumentsArePackedChangesNoNumber() {
    List<StepReport> reports = new ArrayList<>();
    List<float[]> weights = new ArrayList<>();
    List<Double> evaluated = new ArrayList<>();
    for (int maxTokens : new int[] {1, 25, 60, 100_000}) {
      try (LanguageModel model = model();
          LocalTrainer trainer = trainer(model)) {
        SupervisedLearner learner = new SupervisedLearner(trainer, maxTokens);
        evaluated.add(learner.evaluate(documents(4, 11)).loss());
        reports.add(learner.step(documents(2, 11)));
        weights.add(model.decoder().parts().get(1).values().toFloatArray());
      }
    }
    for (int i = 1; i < reports.size(); i++) {
      assertThat(reports.get(i).loss()).isCloseTo(reports.getFirst().loss(), within(1e-6));
      assertThat(reports.get(i).gradientNorm())
          .isCloseTo(reports.getFirst().gradientNorm(), within(1e-5));
      assertThat(evaluated.get(i)).isCloseTo(evaluated.getFirst(), within(1e-6));
      // The first step of AdamW is the sign of the gradient: a value near zero may change its sign.
      assertThat(weights.get(i)).containsExactly(weights.getFirst(), Offset.offset(1e-4f));
    }
  }

  @Test
  void packingLeavesNothingOutAndFillsBins() {
    List<List<Integer>> bins = Packing.bins(List.of(3, 4, 1, 2, 9), size -> size, 6);
    assertThat(bins).containsExactly(List.of(3, 1, 2), List.of(4), List.of(9));
    assertThat(Packing.bins(List.of(7, 7), size -> size, 6)).hasSize(2);
  }

  @Test
  void evaluatingLearnsNothingAndLearningLowersTheLoss() {
    try (LanguageModel model = model();
        LocalTrainer trainer = trainer(model)) {
      SupervisedLearner learner = new SupervisedLearner(trainer, 64);
      List<TokenizedExample> documents = documents(3, 6);
      double before = learner.evaluate(documents).loss();
      assertThat(learner.evaluate(documents).loss()).isEqualTo(before);
      for (int i = 0; i < 40; i++) {
        learner.step(documents);
      }
      assertThat(learner.evaluate(documents).loss()).isLessThan(0.4 * before);
    }
  }

  @Test
  void aThousandStepsKeepMemoryFlat() throws Exception {
    Process process = ChildJvm.start(ThousandSteps.class, List.of());
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    long before = resident(400, output);
    assertThat(resident(1_000, output)).as(output).isLessThan((long) (1.05 * before) + 4_000);
  }

  private static long resident(int steps, String output) {
    Matcher matcher = Pattern.compile("resident after " + steps + ": ([0-9]+)").matcher(output);
    assertThat(matcher.find()).as(output).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  @Test
  void refusesWhatHasNothingToLearn() {
    assertThatThrownBy(
            () -> new TokenizedExample(new int[] {1, 2}, new boolean[] {true, false}, "x:1"))
        .hasMessageContaining("x:1");
    assertThatThrownBy(() -> new TokenizedExample(new int[] {1, 2}, new boolean[] {true}, "x:1"))
        .hasMessageContaining("tokens=2 lossMask=1");
    try (LanguageModel model = model();
        LocalTrainer trainer = trainer(model)) {
      assertThatThrownBy(() -> new SupervisedLearner(trainer, 0))
          .hasMessageContaining("microTokens=0");
      assertThatThrownBy(() -> new SupervisedLearner(trainer, 9).evaluate(List.of()))
          .hasMessageContaining("raise heldOut");
    }
  }
}
