package dev.burnish.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {
  private static final Settings DEFAULTS =
      new Settings(
          7,
          Path.of("runs"),
          "What is ${N}?",
          Mode.FAST,
          Duration.ofSeconds(90),
          new Optimizer(1e-4, 0.9, false),
          List.of("a"),
          List.of(new Stage("warm-up", 75)),
          Map.of("math", 0.5),
          Optional.empty());

  @TempDir private Path folder;

  enum Mode {
    FAST,
    SLOW
  }

  record Optimizer(double lr, double beta, boolean clip) {
    Optimizer {
      if (lr <= 0) {
        throw new IllegalArgumentException("optimizer.lr must be positive: lr=" + lr);
      }
    }
  }

  record Stage(String name, int steps) {
    Stage {
      if (steps < 1) {
        throw new IllegalArgumentException("steps must be at least 1: steps=" + steps);
      }
    }
  }

  record Settings(
      int seed,
      Path folder,
      String prompt,
      Mode mode,
      Duration timeout,
      Optimizer optimizer,
      List<String> tags,
      List<Stage> stages,
      Map<String, Double> weights,
      Optional<Integer> limit) {}

  @Test
  void resolvesToTheDefaults() {
    assertThat(Config.of(DEFAULTS).resolve()).isEqualTo(DEFAULTS);
  }

  @Test
  void laterLayersWinAndKeepWhatTheyDoNotName() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("run.yaml"),
            """
            seed: 8
            optimizer:
              lr: 0.5
              clip: true
            timeout: 2h
            stages:
              - name: one
                steps: 1
            limit: 3
            """);
    Settings settings =
        Config.of(DEFAULTS).withFile(file).withSettings(List.of("optimizer.lr=1e-5")).resolve();
    assertThat(settings.seed()).isEqualTo(8);
    assertThat(settings.optimizer()).isEqualTo(new Optimizer(1e-5, 0.9, true));
    assertThat(settings.timeout()).isEqualTo(Duration.ofHours(2));
    assertThat(settings.stages()).containsExactly(new Stage("one", 1));
    assertThat(settings.limit()).contains(3);
    assertThat(settings.mode()).isEqualTo(Mode.FAST);
  }

  @Test
  void readsAFileWithAByteOrderMark() throws IOException {
    Path file = Files.writeString(folder.resolve("marked.yaml"), "\uFEFFseed: 8\n");
    assertThat(Config.of(DEFAULTS).withFile(file).resolve().seed()).isEqualTo(8);
  }

  @Test
  void takesTextAsItIsWhereTextIsWanted() {
    Settings settings = set("prompt=x = [1, 2: #", "folder=a=b", "mode=slow");
    assertThat(settings.prompt()).isEqualTo("x = [1, 2: #");
    assertThat(settings.folder()).isEqualTo(Path.of("a=b"));
    assertThat(settings.mode()).isEqualTo(Mode.SLOW);
    assertThat(set("prompt=007").prompt()).isEqualTo("007");
    assertThat(set("prompt=").prompt()).isEmpty();
  }

  @Test
  void readsListsMapsAndNestedMapKeysFromSettings() {
    Settings settings =
        set("tags=[b, c]", "weights.code=2", "limit=4", "stages=[{name: x, steps: 2}]");
    assertThat(settings.tags()).containsExactly("b", "c");
    assertThat(settings.weights()).containsOnly(Map.entry("math", 0.5), Map.entry("code", 2.0));
    assertThat(settings.limit()).contains(4);
    assertThat(settings.stages()).containsExactly(new Stage("x", 2));
  }

  @Test
  void aMapInAFileReplacesTheDefaultOne() {
    assertThat(Config.of(DEFAULTS).withYaml("x", "weights: {code: 1}").resolve().weights())
        .containsOnlyKeys("code");
  }

  @Test
  void followsReferencesToKeysAndVariables() {
    Settings settings =
        Config.of(DEFAULTS, Map.of("WHERE", "/data", "SEED", "12"))
            .withSettings(
                List.of(
                    "folder=${env:WHERE}/${seed}-${tags.0}",
                    "optimizer.beta=${optimizer.lr}",
                    "limit=${seed}",
                    "prompt=$${seed} costs $5"))
            .resolve();
    assertThat(settings.folder()).isEqualTo(Path.of("/data/7-a"));
    assertThat(settings.optimizer().beta()).isEqualTo(1e-4);
    assertThat(settings.limit()).contains(7);
    assertThat(settings.prompt()).isEqualTo("${seed} costs $5");
  }

  @Test
  void aVariableMayHoldANumber() {
    assertThat(
            Config.of(DEFAULTS, Map.of("SEED", "12"))
                .withSettings(List.of("seed=${env:SEED}"))
                .resolve()
                .seed())
        .isEqualTo(12);
  }

  @Test
  void theDumpHoldsEveryValueAndReadsBack() {
    Settings settings = set("optimizer.lr=3e-7", "prompt=${seed} ", "tags=[\"1\", \"no\", \"\"]");
    String dump = Config.dump(settings);
    assertThat(dump).contains("timeout:", "beta: 0.9", "limit:", "math: 0.5");
    Settings other = set("seed=1", "tags=[]", "prompt=p");
    assertThat(Config.of(other).withYaml("dump", dump).resolve()).isEqualTo(settings);
    String defaults = Config.dump(DEFAULTS);
    assertThat(Config.of(other).withYaml("dump", defaults).resolve()).isEqualTo(DEFAULTS);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sed=1 | there is no key sed: source=--set sed; did you mean seed?",
        "lr=1 | there is no key lr: source=--set lr; did you mean optimizer.lr?",
        "optimiser.lr=1 | did you mean optimizer.lr?",
        "optimizer.lr.x=1 | there is no key optimizer.lr.x",
        "stages=[{name: x, step: 2}] | there is no key stages.0.step: source=--set stages; did you mean stages.0.steps?",
        "stages=[{name: x}] | a value is missing: key=stages.0.steps",
        "seed | a setting needs the form key=value: setting=seed",
        "=1 | key=value",
        "seed=abc | wrong type: seed=\"abc\"; expected a whole number (int)",
        "seed=1.5 | wrong type: seed=1.5; expected a whole number (int)",
        "seed=99999999999 | seed",
        "seed= | seed",
        "optimizer.clip=maybe | wrong type: optimizer.clip=\"maybe\"; expected true or false",
        "optimizer.lr=fast | wrong type: optimizer.lr=\"fast\"; expected a number",
        "optimizer=3 | wrong type: optimizer=3; expected keys and values",
        "mode=medium | wrong type: mode=\"medium\"; expected one of FAST, SLOW",
        "timeout=soon | wrong type: timeout=\"soon\"; expected a duration such as",
        "tags=b | wrong type: tags=\"b\"; expected a list",
        "stages=[{name: x, steps: y}] | wrong type: stages.0.steps=\"y\"",
        "optimizer.lr=-1 | optimizer.lr must be positive: lr=-1.0",
        "stages=[{name: x, steps: 0}] | stages.0: steps must be at least 1: steps=0",
        "folder=${nowhere} | there is no key nowhere",
        "folder=${env:NOT_SET_ANYWHERE} | NOT_SET_ANYWHERE",
        "folder=${folder} | a value refers to itself: key=folder",
      })
  void refusesInOneLine(String setting, String message) {
    assertThatThrownBy(() -> set(setting))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'seed: 1\nsed: 2' | there is no key sed: source=f.yaml; did you mean seed?",
        "'optimizer:\n  lrr: 2' | there is no key optimizer.lrr: source=f.yaml",
        "'seed: 1\n  lr: [' | cannot read YAML: source=f.yaml, line=2",
        "'seed: 1\nseed: 2' | seed",
        "'- 1' | a configuration consists of keys and values: file=f.yaml",
        "'optimizer:' | optimizer",
      })
  void refusesFilesInOneLine(String text, String message) {
    assertThatThrownBy(() -> Config.of(DEFAULTS).withYaml("f.yaml", text).resolve())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1);
  }

  @Test
  void readsTheArgumentsOfAScript() throws IOException {
    Path file = Files.writeString(folder.resolve("run.yaml"), "seed: 8\nprompt: file");
    Settings settings =
        Config.of(DEFAULTS)
            .withArguments("--config", file.toString(), "--set", "prompt=a=b", "--set=limit=3")
            .resolve();
    assertThat(settings.seed()).isEqualTo(8);
    assertThat(settings.prompt()).isEqualTo("a=b");
    assertThat(settings.limit()).contains(3);
  }

  @ParameterizedTest
  @CsvSource({"--sett,seed=1", "seed=1,x", "--config=x.yaml,--set"})
  void refusesOtherArguments(String first, String second) {
    assertThatThrownBy(() -> Config.of(DEFAULTS).withArguments(first, second))
        .isInstanceOf(ConfigException.class);
  }

  @Test
  void anEmptyFileChangesNothing() {
    assertThat(Config.of(DEFAULTS).withYaml("f", "# nothing\n").resolve()).isEqualTo(DEFAULTS);
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> Config.of(DEFAULTS).withFile(folder.resolve("no.yaml")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no.yaml");
  }

  private static Settings set(String... assignments) {
    return Config.of(DEFAULTS).withSettings(List.of(assignments)).resolve();
  }
}
