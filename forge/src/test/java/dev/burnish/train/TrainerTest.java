package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.host.JvmCommand;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.Tensor;
import dev.burnish.testing.Memory;
import dev.burnish.testing.TinyModels;
import dev.burnish.train.objective.CrossEntropy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TrainerTest {
  private static final OptimizerConfig CONFIG = OptimizerConfig.defaults().withLr(1e-2);

  private static LanguageModel model() {
    return TinyModels.llama(20, 1, 3);
  }

  private static PackedTokens document(SplittableRandom random, int length) {
    TokenForest forest = new TokenForest();
    int root = forest.add(TokenForest.ROOT, random.ints(length, 0, 20).toArray());
    return new PackedTokens(forest, new Targets().addNode(forest, root, 1));
  }

  private static List<PackedTokens> batch(long step) {
    SplittableRandom random = new SplittableRandom(step);
    return List.of(document(random, 9), document(random, 4), document(random, 12));
  }

  private static StepReport step(LocalTrainer trainer, long step) {
    List<PackedTokens> micros = batch(step);
    long targets = micros.stream().mapToLong(m -> m.targets().size()).sum();
    return trainer.step(MicroBatch.of(micros, new CrossEntropy(targets)));
  }

  static List<float[]> weights(Decoder decoder) {
    List<float[]> result = new ArrayList<>();
    for (Parameters part : decoder.parts()) {
      result.add(part.values().toFloatArray());
    }
    return result;
  }

  private static void assertSameBits(List<float[]> actual, List<float[]> expected) {
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).isEqualTo(expected.get(i));
    }
  }

  @Test
  void learnsABatchByHeart() {
    try (LanguageModel model = model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG, 60)) {
      double first = step(trainer, 0).loss();
      double last = first;
      for (int i = 0; i < 60; i++) {
        last = step(trainer, 0).loss();
      }
      assertThat(first).isGreaterThan(2);
      assertThat(last).isLessThan(0.2 * first);
    }
  }

  @Test
  void howABatchIsSplitChangesNeitherLossNorGradient() {
    try (LanguageModel model = model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG, 10)) {
      List<PackedTokens> micros = batch(7);
      double split = trainer.gradients(MicroBatch.ofCrossEntropy(micros)).loss();
      List<float[]> gradients = gradients(model.decoder());
      TokenForest forest = new TokenForest();
      Targets targets = new Targets();
      for (PackedTokens micro : micros) {
        targets.addNode(forest, forest.add(TokenForest.ROOT, micro.forest().tokens()), 1);
      }
      double whole =
          trainer
              .gradients(MicroBatch.ofCrossEntropy(List.of(new PackedTokens(forest, targets))))
              .loss();
      assertThat(whole).isCloseTo(split, within(1e-6));
      List<float[]> other = gradients(model.decoder());
      for (int i = 0; i < gradients.size(); i++) {
        assertThat(other.get(i))
            .containsExactly(gradients.get(i), org.assertj.core.data.Offset.offset(1e-6f));
      }
    }
  }

  private static List<float[]> gradients(Decoder decoder) {
    List<float[]> result = new ArrayList<>();
    decoder.parts().forEach(part -> result.add(part.gradients().values().toFloatArray()));
    decoder.freeGradients();
    return result;
  }

  @Test
  void theSameBatchesGiveTheSameBits() {
    List<List<float[]>> runs = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      try (LanguageModel model = model();
          LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG, 10)) {
        for (int i = 0; i < 5; i++) {
          step(trainer, i);
        }
        runs.add(weights(model.decoder()));
      }
    }
    assertSameBits(runs.get(1), runs.get(0));
  }

  @Test
  void clippingScalesTheGradientToTheNorm() {
    // With SGD-like settings a first AdamW step is lr * sign(g), so clipping shows in the moments
    // only: compare two steps.
    try (LanguageModel model = model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG.withClipNorm(1e-3), 10)) {
      StepReport report = step(trainer, 0);
      assertThat(report.gradientNorm()).isGreaterThan(0.1);
      double sum = 0;
      Moments moments = trainer.optimizer().moments();
      for (int part = 0; part < model.decoder().parts().size(); part++) {
        long elements = moments.elements(Moments.Order.FIRST, part);
        try (Tensor first = moments.take(Moments.Order.FIRST, part, 0, elements)) {
          for (float m : first.toFloatArray()) {
            sum += (double) m * m;
          }
        }
      }
      assertThat(Math.sqrt(sum)).isCloseTo(0.1 * 1e-3, within(1e-6));
    }
  }

  @Test
  void aLossThatIsNotFiniteStopsAndChangesNothing() {
    try (LanguageModel model = model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG, 10)) {
      List<float[]> before = weights(model.decoder());
      assertThatThrownBy(() -> trainer.step(batch(0), _ -> Double.NaN))
          .isInstanceOf(TrainingDiverged.class)
          .hasMessageContaining("step=1 ")
          .hasMessageContaining("loss=NaN");
      assertSameBits(weights(model.decoder()), before);
      assertThat(trainer.stepsDone()).isZero();
    }
  }

  @Test
  void schedulesHaveTheirShapes() {
    assertThat(Schedule.linear().at(1, 10)).isEqualTo(1);
    assertThat(Schedule.linear().at(6, 10)).isEqualTo(0.5);
    assertThat(Schedule.cosine().at(6, 10)).isCloseTo(0.5, within(1e-12));
    assertThat(Schedule.wsd(0.2).at(8, 10)).isEqualTo(1);
    assertThat(Schedule.wsd(0.2).at(10, 10)).isCloseTo(0.5, within(1e-12));
    assertThat(Schedule.constant().withWarmup(4).at(1, 10)).isEqualTo(0.2);
    assertThat(Schedule.constant().withWarmup(4).at(5, 10)).isEqualTo(1);
    assertThatThrownBy(() -> CONFIG.withSchedule("cosin")).hasMessageContaining("schedule=cosin");
    assertThatThrownBy(() -> CONFIG.withLr(-1)).hasMessageContaining("optimizer.lr");
  }

  @Test
  void tenThousandStepsKeepMemoryFlat() throws Exception {
    Process training =
        new ProcessBuilder(
                JvmCommand.of(TenThousandSteps.class)
                    .withFlags(
                        List.of(
                            "-XX:+UseSerialGC",
                            "-Xms128m",
                            "-Xmx128m",
                            "-XX:+AlwaysPreTouch",
                            "--enable-native-access=ALL-UNNAMED",
                            "--add-modules=jdk.incubator.vector",
                            "-Dorg.bytedeco.javacpp.nopointergc=true"))
                    .words())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> sizes = training.inputReader().readAllLines();
    assertThat(training.waitFor()).isZero();
    assertThat(sizes).hasSize(2);
    long before = Long.parseLong(sizes.getFirst());
    assertThat(Long.parseLong(sizes.getLast())).isLessThan((long) (1.05 * before) + 4_000);
  }

  /// In a process of its own: the heap of all tests grows for reasons of theirs.
  static final class TenThousandSteps {
    private TenThousandSteps() {}

    public static void main(String... args) throws IOException {
      try (LanguageModel model = model();
          LocalTrainer trainer = new LocalTrainer(model.decoder(), CONFIG.withLr(1e-4), 18_000)) {
        List<PackedTokens> micros = List.of(document(new SplittableRandom(1), 6));
        for (int i = 0; i < 8_000; i++) {
          trainer.step(MicroBatch.ofCrossEntropy(micros));
        }
        System.out.println(Memory.residentKilobytes());
        for (int i = 0; i < 10_000; i++) {
          trainer.step(MicroBatch.ofCrossEntropy(micros));
        }
        System.out.println(Memory.residentKilobytes());
      }
    }
  }
}
