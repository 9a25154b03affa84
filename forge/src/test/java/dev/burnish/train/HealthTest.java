package dev.burnish.train;

import static java.lang.Double.NaN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.link.failure.RemoteErrors;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.TargetLoss;
import dev.burnish.train.Health.Alarm;
import dev.burnish.train.objective.MetricSum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HealthTest {
  private static final TargetLoss BROKEN =
      chunk -> {
        Arrays.fill(chunk.dLogprobs(), chunk.from(), chunk.to(), Float.NaN);
        return 1;
      };

  @ParameterizedTest
  @ValueSource(doubles = {0, 1})
  void namesTheParameterOfAGradientThatIsNotFinite(double clipNorm) {
    OptimizerConfig config = OptimizerConfig.defaults().withClipNorm(clipNorm);
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config, 10)) {
      float[] before = Tiny.weights(model);
      assertThatThrownBy(() -> trainer.step(Tiny.batches(7, 2), BROKEN))
          .isInstanceOfSatisfying(
              TrainingDiverged.class,
              failure -> {
                assertThat(failure.where().step()).isEqualTo(1);
                assertThat(failure.where().what()).isEqualTo("gradient");
                assertThat(failure.where().parameter()).startsWith("model.");
                assertThat(failure.where().batches()).containsExactly("step 7/0", "step 7/1");
                assertThat(failure.where().updated()).isFalse();
              });
      assertThat(Tiny.weights(model)).isEqualTo(before);
      assertThat(trainer.stepsDone()).isZero();
      assertThat(Tiny.step(trainer, 1).loss()).isFinite();
    }
  }

  @Test
  void namesTheWeightThatIsNotFinite() {
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), OptimizerConfig.defaults(), 10)) {
      String name = "model.layers.2.mlp.down_proj.weight";
      var part = model.decoder().part(name);
      part.values().narrow(0, part.layout().offset(name), 1).fill_(Double.NaN);
      assertThatThrownBy(() -> Tiny.step(trainer, 1))
          .isInstanceOf(TrainingDiverged.class)
          .hasMessageContaining("weights is not, parameter=" + name)
          .hasMessageContaining("checkpoint");
    }
  }

  @Test
  void skipsAndCountsBadStepsUntilThereAreTooMany() {
    HealthConfig config = new HealthConfig(10, 10, 32, true, 2);
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer =
            new LocalTrainer(
                model.decoder(),
                OptimizerConfig.defaults(),
                10,
                TrainerOptions.defaults().withHealth(config))) {
      List<Alarm> alarms = new ArrayList<>();
      trainer.health().onAlarm(alarms::add);
      float[] before = Tiny.weights(model);
      trainer.step(Tiny.batches(1, 1), BROKEN);
      trainer.step(Tiny.batches(2, 1), BROKEN);
      assertThat(Tiny.weights(model)).isEqualTo(before);
      assertThat(trainer.health().skipped()).isEqualTo(2);
      assertThat(alarms).extracting(Alarm::step).containsExactly(1L, 2L);
      assertThat(alarms).hasOnlyElementsOfType(Alarm.Skipped.class).hasSize(2);
      assertThatThrownBy(() -> trainer.step(Tiny.batches(3, 1), BROKEN))
          .isInstanceOf(TrainingDiverged.class);
    }
  }

  /// As if the skipped steps had not been done, except for the schedule.
  @Test
  void aSkippedStepMovesTheScheduleAndNotTheMoments() {
    OptimizerConfig config = OptimizerConfig.defaults().withLr(1e-2).withSchedule("linear");
    TrainerOptions skipping =
        TrainerOptions.defaults().withHealth(new HealthConfig(10, 10, 32, true, 2));
    try (LanguageModel model = Tiny.model();
        LanguageModel other = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config, 10, skipping);
        LocalTrainer calm = new LocalTrainer(other.decoder(), config.withLr(8e-3), 8)) {
      trainer.step(Tiny.batches(1, 1), BROKEN);
      trainer.step(Tiny.batches(2, 1), BROKEN);
      assertThat(trainer.stepsDone()).isEqualTo(2);
      for (int step = 3; step <= 6; step++) {
        List<PackedTokens> batches = Tiny.batches(step, 1);
        StepReport report = trainer.step(MicroBatch.ofCrossEntropy(batches));
        StepReport expected = calm.step(MicroBatch.ofCrossEntropy(batches));
        assertThat(report.step()).isEqualTo(step);
        assertThat(report.lr()).isCloseTo(expected.lr(), within(1e-12));
        assertThat(report.loss()).isCloseTo(expected.loss(), within(1e-6));
      }
      assertThat(Tiny.weights(model)).containsExactly(Tiny.weights(other), offset(1e-6f));
      // Only consecutive bad steps are counted: the good ones in between have reset the count.
      trainer.step(Tiny.batches(7, 1), BROKEN);
      trainer.step(Tiny.batches(8, 1), BROKEN);
      assertThat(trainer.health().skipped()).isEqualTo(4);
    }
  }

  @Test
  void aLossThatIsNotFiniteNamesItsBatchesAndTheLastGoodCheckpoint() {
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), OptimizerConfig.defaults(), 10)) {
      trainer.health().checkpointIn(() -> "checkpoints/step-00000004");
      List<Work> batches = new ArrayList<>();
      for (PackedTokens tokens : Tiny.batches(7, 3)) {
        double loss = batches.size() == 1 ? NaN : 1;
        batches.add(Work.of(tokens, _ -> loss));
      }
      assertThatThrownBy(() -> trainer.step(batches, new MetricSum()))
          .isInstanceOf(TrainingDiverged.class)
          .hasMessageContaining("step=1 loss is not, parameter=none")
          .hasMessageContaining("batches=[step 7/0, step 7/1, step 7/2]")
          .hasMessageContaining("resume from checkpoint=checkpoints/step-00000004")
          .hasMessageContaining("nothing was updated");
    }
  }

  @Test
  void goesOnWithWhatItKnew() {
    Health first = new Health(new HealthConfig(10, 10, 8, true, 1));
    for (int step = 1; step <= 8; step++) {
      first.good(step, 2, 1);
    }
    Health second = new Health(new HealthConfig(10, 10, 8, true, 1));
    second.resume(first.state());
    List<Alarm> alarms = new ArrayList<>();
    second.onAlarm(alarms::add);
    second.good(9, 100, 100);
    assertThat(alarms)
        .containsExactly(new Alarm.LossSpike(9, 100, 2), new Alarm.NormSpike(9, 100, 1));
    assertThat(second.state().alarms()).isEqualTo(2);
    assertThat(second.state().losses()).hasSize(8).endsWith(2.0, 100.0);
  }

  @Test
  void saysNothingBeforeHalfAWindowIsKnown() {
    Health health = new Health(new HealthConfig(10, 10, 8, false, 1));
    List<Alarm> alarms = new ArrayList<>();
    health.onAlarm(alarms::add);
    for (int step = 1; step <= 3; step++) {
      health.good(step, 2, 1);
    }
    health.good(4, 100, 100);
    assertThat(alarms).isEmpty();
    health.good(5, 100, 1);
    assertThat(alarms).extracting(Alarm::step).containsExactly(5L);
    health.good(6, 2, 100);
    assertThat(alarms).last().isEqualTo(new Alarm.NormSpike(6, 100, 1));
  }

  @Test
  void alarmsWhereLossOrNormJumpsAndNotBefore() {
    Health health = new Health(HealthConfig.defaults());
    List<Alarm> alarms = new ArrayList<>();
    health.onAlarm(alarms::add);
    for (int step = 1; step <= 40; step++) {
      health.good(step, 2 + 0.1 * (step % 3), 1 + 0.1 * (step % 2));
    }
    assertThat(alarms).isEmpty();
    // Ten median deviations of 0.1 above a median of 2.1, and ten times a norm of 1.05.
    health.good(40, 3.09, 10.4);
    assertThat(alarms).isEmpty();
    health.good(41, 3.11, 1);
    health.good(42, 2, 10.6);
    assertThat(alarms).hasSize(2);
    assertThat(alarms.get(0)).isEqualTo(new Alarm.LossSpike(41, 3.11, 2.1));
    assertThat(alarms.get(1)).isInstanceOf(Alarm.NormSpike.class);
    assertThat(health.alarms()).isEqualTo(2);
  }

  @Test
  void aFailureArrivesFromAnotherProcessAsItself() {
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), OptimizerConfig.defaults(), 10)) {
      TrainingDiverged sent =
          catchThrowableOfType(
              TrainingDiverged.class, () -> trainer.step(Tiny.batches(7, 2), BROKEN));
      Throwable received =
          RemoteErrors.decode(RemoteErrors.encode(sent, 1 << 20), getClass().getClassLoader());
      assertThat(received)
          .isInstanceOfSatisfying(
              TrainingDiverged.class,
              failure -> assertThat(failure.where()).isEqualTo(sent.where()))
          .hasMessage(sent.getMessage());
      trainer.health().checkpointIn(() -> "checkpoints/step-00000003");
      assertThat(trainer.health().named((TrainingDiverged) received))
          .hasMessageContaining("checkpoint=checkpoints/step-00000003");
    }
  }
}
