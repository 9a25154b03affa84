package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.model.LanguageModel;
import dev.burnish.train.Health.Alarm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HealthTest {
  private static final Objective BROKEN =
      (micro, from, to, logp, entropy, dLogp, dEntropy) -> {
        Arrays.fill(dLogp, from, to, Float.NaN);
        return 1;
      };

  @ParameterizedTest
  @ValueSource(doubles = {0, 1})
  void namesTheParameterOfAGradientThatIsNotFinite(double clipNorm) {
    OptimizerConfig config = OptimizerConfig.defaults().withClipNorm(clipNorm);
    try (LanguageModel model = Tiny.model();
        Trainer trainer = new Trainer(model.decoder(), config, 10)) {
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
        Trainer trainer = new Trainer(model.decoder(), OptimizerConfig.defaults(), 10)) {
      String name = "model.layers.2.mlp.down_proj.weight";
      var part = model.decoder().part(name);
      part.values().narrow(0, part.offset(name), 1).fill_(Double.NaN);
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
        Trainer trainer =
            new Trainer(
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
      assertThat(alarms).hasOnlyElementsOfType(Alarm.Skipped.class).hasSize(2);
      assertThatThrownBy(() -> trainer.step(Tiny.batches(3, 1), BROKEN))
          .isInstanceOf(TrainingDiverged.class);
    }
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
    health.good(41, 5, 1);
    health.good(42, 2, 50);
    assertThat(alarms).hasSize(2);
    assertThat(alarms.get(0)).isEqualTo(new Alarm.LossSpike(41, 5, 2.1));
    assertThat(alarms.get(1)).isInstanceOf(Alarm.NormSpike.class);
    assertThat(health.alarms()).isEqualTo(2);
  }
}
