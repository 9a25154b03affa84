package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.config.Config;
import dev.burnish.config.Inlined;
import dev.burnish.data.DataFiles.OnBadRow;
import dev.burnish.data.DataSettings;
import dev.burnish.learn.PpoConfig;
import dev.burnish.learn.WarmUp;
import dev.burnish.nn.LoraConfig;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.TrainConfig;
import dev.burnish.train.checkpoint.CheckpointConfig;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The records that scripts share, and the keys that users type for them.
class SharedSettingsTest {
  record Settings(
      @Inlined TrainingSettings training, @Inlined DataSettings rows, @Inlined WarmUp warm) {}

  private static final Settings DEFAULTS =
      new Settings(TrainingSettings.defaults(), DataSettings.defaults(), WarmUp.defaults());

  @Test
  void everyDefaultIsPinned() {
    TrainingSettings training = TrainingSettings.defaults();
    assertThat(training.seed()).isEqualTo(1);
    assertThat(training.model()).isEmpty();
    assertThat(training.steps()).isEqualTo(100);
    assertThat(training.lora()).isEqualTo(LoraConfig.defaults());
    assertThat(training.optimizer()).isEqualTo(OptimizerConfig.defaults());
    assertThat(training.train()).isEqualTo(TrainConfig.defaults());
    assertThat(training.checkpoints()).isEqualTo(CheckpointConfig.defaults());
    assertThat(training.withOptimizer(o -> o.withLr(0.5)).optimizer().lr()).isEqualTo(0.5);
    assertThat(DataSettings.defaults())
        .isEqualTo(new DataSettings(Path.of(""), "default", "train", OnBadRow.FAIL));
    assertThat(PpoConfig.defaults())
        .isEqualTo(new PpoConfig(2, 2, 0.2, 0.2, 1, 0.95, 0, 0, PpoConfig.Truncated.LEARN, 4096));
    WarmUp warm = WarmUp.defaults();
    assertThat(warm.warmUp()).isEqualTo(100);
    assertThat(warm.ready()).isEqualTo(0.3);
    assertThat(warm.imitation().schedule()).isEqualTo("wsd");
    assertThat(warm.imitation().lr()).isEqualTo(8e-4);
    assertThat(warm.imitation().warmup()).isEqualTo(10);
  }

  /// The keys of configurations that runs before these records have left.
  @Test
  void theKeysAreThoseThatEachScriptHad() {
    Settings settings =
        Config.of(DEFAULTS)
            .withYaml(
                "config.yaml",
                """
                seed: 3
                model: m
                data: d.jsonl
                config: main
                split: test
                badRows: SKIP
                steps: 7
                warmUp: 5
                ready: 0.5
                imitation:
                  lr: 0.25
                lora:
                  rank: 4
                train:
                  recompute: all
                checkpoints:
                  every: 9
                """)
            .withSettings(List.of("optimizer.lr=1e-5", "optimizer.schedule=linear"))
            .resolve();
    TrainingSettings training = settings.training();
    assertThat(training.seed()).isEqualTo(3);
    assertThat(training.model()).isEqualTo("m");
    assertThat(training.steps()).isEqualTo(7);
    assertThat(training.lora().rank()).isEqualTo(4);
    assertThat(training.optimizer().lr()).isEqualTo(1e-5);
    assertThat(training.optimizer().schedule()).isEqualTo("linear");
    assertThat(training.train().recompute()).isEqualTo("all");
    assertThat(training.checkpoints().every()).isEqualTo(9);
    assertThat(settings.rows())
        .isEqualTo(new DataSettings(Path.of("d.jsonl"), "main", "test", OnBadRow.SKIP));
    assertThat(settings.rows().source().split()).isEqualTo("test");
    assertThat(settings.warm().warmUp()).isEqualTo(5);
    assertThat(settings.warm().imitation().lr()).isEqualTo(0.25);
  }
}
