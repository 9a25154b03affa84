package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.model.LanguageModel;
import dev.burnish.train.MemoryConfig.Offload;
import dev.burnish.train.checkpoint.Checkpoints;
import dev.burnish.train.checkpoint.Pieces;
import dev.burnish.train.checkpoint.Snapshot;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class TrainerCheckpointTest {
  @TempDir private Path folder;

  private TrainerOptions options(Offload offload) {
    return TrainerOptions.defaults()
        .withMemory(MemoryConfig.defaults().withOffload(offload).withFolder(folder));
  }

  private static OptimizerConfig config(String name, double clipNorm) {
    return OptimizerConfig.defaults()
        .withName(name)
        .withLr(1e-2)
        .withClipNorm(clipNorm)
        .withWarmup(2)
        .withSchedule("cosine");
  }

  private static void save(Checkpoints checkpoints, LocalTrainer trainer) {
    checkpoints.save(
        trainer.stepsDone(),
        trainer.freeze(),
        Map.of(LocalTrainer.SECTION, trainer.state()),
        Optional.empty());
  }

  @ParameterizedTest
  @CsvSource({
    "adamw, 1, NEVER, NEVER",
    "adamw, 0, NEVER, ALWAYS",
    "adamw, 1, ALWAYS, NEVER",
    "sgd, 1, ALWAYS, ALWAYS",
    "muon, 0, ALWAYS, NEVER"
  })
  void goesOnInTheSameBitsFromACheckpointWrittenBesideTraining(
      String name, double clipNorm, Offload before, Offload after) {
    float[] undisturbed;
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer =
            new LocalTrainer(model.decoder(), config(name, clipNorm), 10, options(before));
        Checkpoints checkpoints = Checkpoints.open(folder.resolve("checkpoints"))) {
      for (int step = 1; step <= 10; step++) {
        Tiny.step(trainer, 2);
        if (step == 4) {
          save(checkpoints, trainer);
        }
      }
      undisturbed = Tiny.weights(model);
    }
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer =
            new LocalTrainer(model.decoder(), config(name, clipNorm), 10, options(after));
        Checkpoints checkpoints = Checkpoints.open(folder.resolve("checkpoints"))) {
      Tiny.step(trainer, 1);
      trainer.restore(checkpoints.newest(_ -> {}).orElseThrow());
      assertThat(trainer.stepsDone()).isEqualTo(4);
      while (trainer.stepsDone() < 10) {
        Tiny.step(trainer, 2);
      }
      assertThat(Tiny.weights(model)).isEqualTo(undisturbed);
    }
  }

  @Test
  void savesToAFolderAndRestoresFromIt() {
    String saved = folder.resolve("saved").toString();
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config("adamw", 1), 10)) {
      Trainer either = trainer;
      Tiny.step(trainer, 2);
      either.save(saved);
      double loss = Tiny.step(trainer, 2).loss();
      float[] after = Tiny.weights(model);
      Tiny.step(trainer, 2);
      either.restore(saved);
      assertThat(trainer.stepsDone()).isEqualTo(1);
      assertThat(model.decoder().version()).isEqualTo(1);
      assertThat(Tiny.step(trainer, 2).loss()).isEqualTo(loss);
      assertThat(Tiny.weights(model)).isEqualTo(after);
    }
  }

  @Test
  void aCheckpointHoldsOneMomentHoweverSlowItIsWritten() {
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config("adamw", 1), 10);
        Checkpoints checkpoints = Checkpoints.open(folder.resolve("checkpoints"))) {
      Tiny.step(trainer, 1);
      float[] frozen = Tiny.weights(model);
      byte[] state = trainer.state();
      Pieces pieces = trainer.freeze();
      Tiny.step(trainer, 1);
      Tiny.step(trainer, 1);
      assertThat(Tiny.weights(model)).isNotEqualTo(frozen);
      checkpoints.save(1, pieces, Map.of(LocalTrainer.SECTION, state), Optional.empty());
      checkpoints.await();
      trainer.restore(checkpoints.newest(_ -> {}).orElseThrow());
      assertThat(Tiny.weights(model)).isEqualTo(frozen);
      assertThat(trainer.stepsDone()).isEqualTo(1);
    }
  }

  @Test
  void thereIsOneAtATime() {
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config("adamw", 1), 10)) {
      try (Pieces _ = trainer.freeze()) {
        assertThatThrownBy(trainer::freeze).isInstanceOf(IllegalStateException.class);
      }
      trainer.freeze().close();
    }
  }

  @Test
  void refusesACheckpointOfOtherOptimizerState() {
    try (LanguageModel model = Tiny.model();
        LocalTrainer sgd = new LocalTrainer(model.decoder(), config("sgd", 1), 10);
        LocalTrainer adamW = new LocalTrainer(model.decoder(), config("adamw", 1), 10);
        Checkpoints checkpoints = Checkpoints.open(folder.resolve("checkpoints"))) {
      save(checkpoints, sgd);
      checkpoints.await();
      Snapshot snapshot = checkpoints.newest(_ -> {}).orElseThrow();
      assertThatThrownBy(() -> adamW.restore(snapshot))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tensor=second");
    }
  }

  @Test
  void refusesToSaveWeightsThatAreNotFinite() {
    try (LanguageModel model = Tiny.model();
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config("adamw", 1), 10)) {
      trainer.health().checkpointIn(() -> "checkpoints/step-00000003");
      String name = "model.layers.1.mlp.up_proj.weight";
      var part = model.decoder().part(name);
      part.values().narrow(0, part.layout().offset(name), 1).fill_(Double.POSITIVE_INFINITY);
      assertThatThrownBy(trainer::freeze)
          .isInstanceOf(TrainingDiverged.class)
          .hasMessageContaining("weights is not, parameter=" + name)
          .hasMessageContaining("checkpoint=checkpoints/step-00000003");
    }
  }
}
