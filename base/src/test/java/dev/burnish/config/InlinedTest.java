package dev.burnish.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InlinedTest {
  record Optimizer(double lr, int warmup) {
    Optimizer {
      if (lr < 0) {
        throw new IllegalArgumentException("optimizer.lr must be at least 0: lr=" + lr);
      }
    }
  }

  record Training(long seed, int steps, Optimizer optimizer) {
    Training {
      if (steps < 0) {
        throw new IllegalArgumentException("there must be steps: steps=" + steps);
      }
    }
  }

  record Rows(Path data, String split) {}

  record Both(@Inlined Training training, @Inlined Rows rows) {}

  record Settings(@Inlined Both both, int batch, Optional<Stage> stage, List<Stage> stages) {}

  record Stage(@Inlined Rows rows, int weight) {}

  private static final Settings DEFAULTS =
      new Settings(
          new Both(new Training(1, 10, new Optimizer(0.5, 3)), new Rows(Path.of("x"), "train")),
          8,
          Optional.of(new Stage(new Rows(Path.of("s"), "a"), 1)),
          List.of(new Stage(new Rows(Path.of("t"), "b"), 2)));

  private static Settings set(String... assignments) {
    return Config.of(DEFAULTS).withSettings(List.of(assignments)).resolve();
  }

  @Test
  void resolvesToTheDefaults() {
    assertThat(Config.of(DEFAULTS).resolve()).isEqualTo(DEFAULTS);
  }

  @Test
  void theKeysStandInTheRecordAround() {
    assertThat(Config.dump(DEFAULTS))
        .isEqualTo(
            """
            seed: 1
            steps: 10
            optimizer:
              lr: 0.5
              warmup: 3
            data: x
            split: train
            batch: 8
            stage:
              data: s
              split: a
              weight: 1
            stages:
            - data: t
              split: b
              weight: 2
            """);
    assertThat(Config.of(DEFAULTS).withYaml("dump", Config.dump(DEFAULTS)).resolve())
        .isEqualTo(DEFAULTS);
  }

  @Test
  void takesValuesByTheseKeys() {
    Settings settings = set("steps=4", "optimizer.lr=2", "data=a=b", "stage.split=c");
    assertThat(settings.both().training()).isEqualTo(new Training(1, 4, new Optimizer(2, 3)));
    assertThat(settings.both().rows().data()).isEqualTo(Path.of("a=b"));
    assertThat(settings.stage().orElseThrow().rows().split()).isEqualTo("c");
    assertThat(
            Config.of(DEFAULTS)
                .withYaml("file", "{steps: 5, data: '${split}'}")
                .resolve()
                .both()
                .rows()
                .data())
        .isEqualTo(Path.of("train"));
  }

  @Test
  void theRecordIsNoKeyItself() {
    assertThatThrownBy(() -> set("both.training.steps=4"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("did you mean steps?");
    assertThatThrownBy(() -> set("stpes=4")).hasMessageContaining("did you mean steps?");
    assertThat(Config.key(DEFAULTS, "steps")).contains("steps");
    assertThat(Config.key(DEFAULTS, "training")).isEmpty();
  }

  @Test
  void errorsNameTheKeysThatUsersType() {
    assertThatThrownBy(() -> set("steps=many")).hasMessageContaining("wrong type: steps=\"many\"");
    assertThatThrownBy(() -> set("optimizer.warmup=x"))
        .hasMessageContaining("wrong type: optimizer.warmup=\"x\"");
    assertThatThrownBy(() -> set("stages=[{data: t, split: b, weight: x}]"))
        .hasMessageContaining("wrong type: stages.0.weight=\"x\"");
    assertThatThrownBy(() -> set("steps=-1")).hasMessage("there must be steps: steps=-1");
    assertThatThrownBy(() -> set("optimizer.lr=-1"))
        .hasMessage("optimizer.lr must be at least 0: lr=-1.0");
    assertThatThrownBy(() -> set("stages=[{data: t, split: b}]"))
        .hasMessageContaining("a value is missing: key=stages.0.weight");
  }

  @Test
  void changesAndPathsGoByTheseKeys() {
    Settings changed = set("steps=4", "data=y");
    assertThat(Config.changes(DEFAULTS, changed).keySet()).containsExactly("data", "steps");
    Settings absolute = Config.withPathsFrom(Path.of("/here"), DEFAULTS, (_, _) -> false);
    assertThat(absolute.both().rows().data()).isEqualTo(Path.of("/here/x"));
    assertThat(absolute.stages().getFirst().rows().data()).isEqualTo(Path.of("/here/t"));
  }

  record Twice(@Inlined Rows rows, String split) {}

  record NoRecord(@Inlined Map<String, String> rows) {}

  @Test
  void refusesAKeyThatWouldStandTwiceAndWhatIsNoRecord() {
    assertThatThrownBy(() -> Config.of(new Twice(new Rows(Path.of("x"), "a"), "b")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("key=split, record=Twice");
    assertThatThrownBy(() -> Config.of(new NoRecord(Map.of())))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("component=rows, type=Map");
  }
}
