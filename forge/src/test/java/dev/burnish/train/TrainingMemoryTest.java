package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.LoraConfig;
import dev.burnish.tensor.Device;
import dev.burnish.train.MemoryConfig.Activations;
import dev.burnish.train.MemoryConfig.Offload;
import dev.burnish.train.OptimizerConfig.Group;
import dev.burnish.train.memory.StepEstimate;
import dev.burnish.train.memory.TrainedBytes;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The placement of state changes memory use, never a number.
class TrainingMemoryTest {
  @TempDir Path folder;

  private record Trained(double[] losses, double[] norms, float[] weights) {}

  private static Trained train(OptimizerConfig config, TrainerOptions options, int micros) {
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config, 10, options)) {
      double[] losses = new double[4];
      double[] norms = new double[4];
      for (int i = 0; i < losses.length; i++) {
        StepReport report = Tiny.step(trainer, micros);
        losses[i] = report.loss();
        norms[i] = report.gradientNorm();
      }
      return new Trained(losses, norms, Tiny.weights(model));
    }
  }

  private static OptimizerConfig config(double clipNorm) {
    return OptimizerConfig.defaults().withLr(1e-2).withWeightDecay(0.1).withClipNorm(clipNorm);
  }

  private static void assertSame(Trained actual, Trained expected) {
    assertThat(actual.losses()).containsExactly(expected.losses());
    assertThat(actual.norms()).containsExactly(expected.norms());
    assertThat(Arrays.equals(actual.weights(), expected.weights())).isTrue();
  }

  private TrainerOptions budget(long bytes, Offload offload) {
    return TrainerOptions.defaults()
        .withMemory(
            MemoryConfig.defaults().withBudget(bytes).withOffload(offload).withFolder(folder));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void updatesInsideTheBackwardAsAfterIt(int micros) {
    TrainerOptions whole =
        TrainerOptions.defaults().withHealth(HealthConfig.defaults().withSkipBad(true));
    assertSame(
        train(config(0), TrainerOptions.defaults(), micros), train(config(0), whole, micros));
  }

  @Test
  void freesEachGradientAsItsBlockFinishes() {
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config(0), 10)) {
      assertThat(trainer.memory().fused()).isTrue();
      Tiny.step(trainer, 2);
      assertThat(model.decoder().parts()).noneMatch(part -> part.gradients().exist());
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5})
  void trainsAlikeWhateverIsKeptWhere(double clipNorm) {
    Trained expected = train(config(clipNorm), TrainerOptions.defaults(), 2);
    TrainerOptions options = TrainerOptions.defaults();
    assertSame(
        train(config(clipNorm), options.withPolicy(ActivationPolicy.recomputeAll()), 2), expected);
    assertSame(
        train(config(clipNorm), options.withPolicy(ActivationPolicy.recomputeEvery(2)), 2),
        expected);
    assertSame(train(config(clipNorm), budget(0, Offload.ALWAYS), 2), expected);
    TrainerOptions offloaded =
        options.withMemory(
            MemoryConfig.defaults().withFolder(folder).withActivations(Activations.OFFLOAD));
    assertSame(
        train(config(clipNorm), offloaded.withPolicy(ActivationPolicy.recomputeAll()), 2),
        expected);
    assertSame(
        train(config(clipNorm), offloaded.withPolicy(ActivationPolicy.recomputeEvery(2)), 3),
        train(config(clipNorm), options, 3));
    assertSame(train(config(clipNorm), budget(1, Offload.AUTO), 2), expected);
  }

  @Test
  void putsEverythingThatItMayInFilesWhenTheBudgetIsSmall() {
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer =
            new LocalTrainer(model.decoder(), config(1), 10, budget(1, Offload.AUTO))) {
      assertThat(trainer.memory()).isEqualTo(new MemoryPlan(false, true, true, 0));
    }
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer =
            new LocalTrainer(model.decoder(), config(1), 10, budget(1, Offload.NEVER))) {
      assertThat(trainer.memory()).isEqualTo(new MemoryPlan(false, false, false, 0));
    }
  }

  @Test
  void givesOneResultHoweverAStepIsSplitIntoMicroBatches() {
    OptimizerConfig sgd = config(1).withName("sgd");
    Trained whole = train(sgd, TrainerOptions.defaults(), 1);
    for (int micros : new int[] {2, 3, 8}) {
      Trained split = train(sgd, TrainerOptions.defaults(), micros);
      assertThat(split.losses()).containsExactly(whole.losses(), within(1e-6));
      assertThat(split.norms()).containsExactly(whole.norms(), within(1e-6));
      for (int i = 0; i < whole.weights().length; i++) {
        assertThat(split.weights()[i]).isCloseTo(whole.weights()[i], within(1e-6f));
      }
    }
  }

  @Test
  void givesOneLossInWhateverOrderTheBatchesCome() {
    double[] losses = new double[2];
    double[] norms = new double[2];
    for (int order = 0; order < 2; order++) {
      try (LanguageModel model = Tiny.model();
          LocalTrainer trainer = new LocalTrainer(model.decoder(), config(1), 10)) {
        List<PackedTokens> batches = Tiny.batches(1, 4);
        StepReport report =
            trainer.step(MicroBatch.ofCrossEntropy(order == 0 ? batches : batches.reversed()));
        losses[order] = report.loss();
        norms[order] = report.gradientNorm();
      }
    }
    assertThat(losses[1]).isCloseTo(losses[0], within(1e-6));
    assertThat(norms[1]).isCloseTo(norms[0], within(1e-6 * norms[0]));
  }

  private static StepEstimate estimate(LanguageModel model, OptimizerConfig config, int micros) {
    try (LocalTrainer trainer = new LocalTrainer(model.decoder(), config, 10)) {
      float[] before = Tiny.weights(model);
      StepEstimate estimate =
          trainer.planner().plan(MicroBatch.ofCrossEntropy(Tiny.batches(1, micros)));
      assertThat(Tiny.weights(model)).isEqualTo(before);
      assertThat(trainer.stepsDone()).isZero();
      return estimate;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void plansGradientsAndMomentsOfWhatIsTrainedAlone(int micros) {
    try (LanguageModel full = Tiny.model();
        LanguageModel adapted = Tiny.model().adapt(LoraConfig.defaults().withRank(2), 1)) {
      long weights = 4 * full.decoder().numParameters();
      long adapter = 4 * adapted.decoder().numTrained();
      StepEstimate all = estimate(full, config(1), micros);
      assertThat(List.of(all.weights(), all.gradients(), all.moments()))
          .containsExactly(weights, weights, 2 * weights);
      StepEstimate few = estimate(adapted, config(1), micros);
      assertThat(List.of(few.weights(), few.gradients(), few.moments()))
          .containsExactly(weights + adapter, adapter, 2 * adapter);
      OptimizerConfig frozen = config(1).withGroups(Group.frozen("model.layers.*"));
      StepEstimate ends = estimate(full, frozen, micros);
      assertThat(List.of(ends.weights(), ends.gradients(), ends.moments()))
          .containsExactly(weights, 4L * 98 * 32, 8L * 98 * 32);
      assertThat(ends.peak()).isLessThan(all.peak());
    }
  }

  /// A part at a time where it is updated at once, unless micro-batches add up.
  @Test
  void plansTheGradientsThatAreThereAtOnce() {
    try (LanguageModel model = Tiny.model()) {
      TrainedBytes bytes = TrainedBytes.of(model.decoder(), 0);
      assertThat(estimate(model, config(0), 1).gradients())
          .isEqualTo(bytes.ends() + bytes.largestBlock())
          .isLessThan(bytes.gradients());
      assertThat(estimate(model, config(0), 2).gradients()).isEqualTo(bytes.gradients());
    }
  }

  @Test
  void aBlockThatGoesForwardTwiceTakesAThirdMore() {
    StepEstimate estimate = new StepEstimate(9, 9, 0, 0, 0, 0, 0, 0, 0, 1, 2);
    assertThat(estimate.seconds(4)).isEqualTo(2 * (3 + 0.75));
  }

  /// Compared with bytes like these, those of this process do not count.
  @Test
  void keepsWhatTheBudgetHasRoomFor() {
    long large = 1L << 42;
    TrainedBytes bytes = new TrainedBytes(large, large, 1 << 20, 1 << 20, 2 * large);
    MemoryConfig config = MemoryConfig.defaults().withFolder(folder);
    for (boolean room : new boolean[] {true, false}) {
      // Moments, gradients, and as much as the weights for a pass.
      long budget = 4 * large + (room ? large / 8 : -large / 8);
      MemoryPlan plan =
          MemoryPlan.of(
              new MemoryConfig(
                  budget, Offload.AUTO, folder.resolve("none"), MemoryConfig.Activations.RECOMPUTE),
              bytes,
              false,
              Device.CPU);
      assertThat(plan.momentsInFile()).isEqualTo(!room);
      assertThat(plan.gradientsInFile()).isFalse();
    }
    assertThat(
            MemoryPlan.of(config.withBudget(2 * large - large / 8), bytes, false, Device.CPU)
                .gradientsInFile())
        .isTrue();
  }

  @Test
  void adaptsAndFreezesWithGradientsInAFile() {
    OptimizerConfig frozen = config(1).withGroups(Group.frozen("*.q_proj.*"));
    assertSame(
        train(frozen, budget(1, Offload.AUTO), 2), train(frozen, TrainerOptions.defaults(), 2));
    try (LanguageModel model = Tiny.model().adapt(LoraConfig.defaults().withRank(2), 1);
        LocalTrainer trainer =
            new LocalTrainer(model.decoder(), config(1), 10, budget(1, Offload.AUTO))) {
      assertThat(trainer.memory().gradientsInFile()).isTrue();
      assertThat(Tiny.step(trainer, 2).gradientNorm()).isPositive();
    }
  }

  @Test
  void keepsOnADeviceWhatIsThere() {
    TrainedBytes large = new TrainedBytes(1L << 32, 1L << 32, 1 << 20, 1 << 20, 1L << 33);
    MemoryConfig small = MemoryConfig.defaults().withBudget(1).withFolder(folder);
    assertThat(MemoryPlan.of(small, large, false, Device.CPU))
        .isEqualTo(new MemoryPlan(false, true, true, 0));
    MemoryPlan plan = MemoryPlan.of(small, large, false, Device.cuda(0));
    assertThat(plan.momentsInFile()).isFalse();
    assertThat(plan.gradientsInFile()).isFalse();
    assertThatThrownBy(
            () -> MemoryPlan.of(small.withOffload(Offload.ALWAYS), large, false, Device.cuda(0)))
        .hasMessageContaining("train.memory.offload=ALWAYS")
        .hasMessageContaining("device=cuda:0");
  }

  @Test
  void namesTheSettingOfABudgetBelowZero() {
    assertThatThrownBy(() -> MemoryConfig.defaults().withBudget(-1))
        .hasMessageContaining("train.memory.budget")
        .hasMessageContaining("budget=-1");
  }
}
