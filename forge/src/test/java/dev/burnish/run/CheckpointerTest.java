package dev.burnish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.metrics.Metrics;
import dev.burnish.metrics.StepMetrics;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import dev.burnish.testing.TinyModels;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainingDiverged;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Checkpoints of a run that trains two models.
class CheckpointerTest {
  @TempDir private Path folder;
  private final Metrics metrics = new Metrics();

  /// A policy and its critic, whose every weight has one value.
  private final class Two implements AutoCloseable {
    private final LanguageModel policy = TinyModels.llama(11, 1, 3);
    private final LanguageModel critic = policy.critic();
    private final LocalTrainer ofPolicy = trainer(policy);
    private final LocalTrainer ofCritic = trainer(critic);
    private final Checkpointer checkpoints = new Checkpointer(folder, _ -> {});

    Two(double ofPolicyWeights, double ofCriticWeights) {
      fill(policy.decoder(), ofPolicyWeights);
      fill(critic.decoder(), ofCriticWeights);
      checkpoints.every(1);
      checkpoints.keep(ofPolicy);
      checkpoints.keep("critic", ofCritic);
    }

    private static LocalTrainer trainer(LanguageModel model) {
      return new LocalTrainer(model.decoder(), OptimizerConfig.defaults(), 10);
    }

    @Override
    public void close() {
      checkpoints.close();
      ofPolicy.close();
      ofCritic.close();
      critic.close();
      policy.close();
    }
  }

  private static void fill(Decoder model, double value) {
    model.parts().forEach(part -> part.values().fill_(value));
  }

  private static List<Float> weights(LanguageModel model) {
    List<Float> values = new ArrayList<>();
    for (Parameters part : model.decoder().parts()) {
      values.add(part.values().toFloatArray()[0]);
    }
    return values;
  }

  private StepMetrics step(long step) {
    return metrics.flush(step);
  }

  @Test
  void bothModelsAreThereAgainWhereTheRunIsResumed() {
    try (Two run = new Two(1, 2)) {
      run.checkpoints.completed(step(1));
    }
    try (Two resumed = new Two(7, 8)) {
      assertThat(resumed.checkpoints.firstStep()).isEqualTo(1);
      assertThat(weights(resumed.policy)).containsOnly(1f);
      assertThat(weights(resumed.critic)).containsOnly(2f);
    }
  }

  @Test
  void aModelThatIsNotFiniteLeavesTheOtherFreeForTheNextCheckpoint() {
    try (Two run = new Two(1, Double.NaN)) {
      assertThatThrownBy(() -> run.checkpoints.completed(step(1)))
          .isInstanceOf(TrainingDiverged.class);
      fill(run.critic.decoder(), 3);
      run.checkpoints.completed(step(2));
    }
    try (Two resumed = new Two(7, 8)) {
      assertThat(resumed.checkpoints.firstStep()).isEqualTo(2);
      assertThat(weights(resumed.critic)).containsOnly(3f);
    }
  }

  @Test
  void refusesASecondTrainerOfOneNameAndACheckpointWithoutIt() {
    try (Two run = new Two(1, 2)) {
      assertThatThrownBy(() -> run.checkpoints.keep("critic", run.ofPolicy))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("name=critic is taken");
      run.checkpoints.completed(step(1));
    }
    try (Two resumed = new Two(7, 8)) {
      assertThatThrownBy(() -> resumed.checkpoints.keep("judge", resumed.ofCritic))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a checkpoint has the section of its trainer");
    }
  }
}
