package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.model.LanguageModel;
import dev.burnish.script.Script;
import dev.burnish.testing.SharedFiles;
import dev.burnish.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The scripts that users start from, run as the command does, at a small size.
class ExamplesTest {
  private static final Path EXAMPLES = Path.of("..", "examples");

  @TempDir Path folder;

  private void run(String name, String... args) throws Exception {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--runs", folder.resolve("runs").toString()));
    Script.compile(EXAMPLES.resolve(name)).run(all);
  }

  private void sumDigits(int steps, String... more) throws Exception {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--set",
                "warmUp=3",
                "--set",
                "prompts=2",
                "--set",
                "samples=4",
                "--set",
                "heldOut=8",
                "--set",
                "steps=" + steps));
    args.addAll(List.of(more));
    run("SumDigits.java", args.toArray(String[]::new));
  }

  private List<Path> runs() throws IOException {
    try (Stream<Path> entries = Files.list(folder.resolve("runs"))) {
      return new ArrayList<>(entries.sorted().toList());
    }
  }

  private static List<String> metrics(Path run) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(line);
      json.remove("times");
      lines.add(json.toString());
    }
    return lines;
  }

  @Test
  void noExampleIsLongerThanSixtyLines() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      assertThat(files.toList())
          .isNotEmpty()
          .allSatisfy(file -> assertThat(Files.readAllLines(file)).hasSizeLessThanOrEqualTo(60));
    }
  }

  @Test
  void sumDigitsLeavesEverythingARunPromises() throws Exception {
    sumDigits(3);
    Path run = runs().getFirst();
    assertThat(metrics(run)).hasSize(3);
    JsonNode summary = JsonMapper.shared().readTree(Files.readString(run.resolve("summary.json")));
    assertThat(summary.get("status").asString()).isEqualTo("finished");
    assertThat(summary.get("steps").asInt()).isEqualTo(3);
    assertThat(summary.get("seed").asInt()).isEqualTo(1);
    for (String key :
        List.of("accuracyBefore", "accuracyAfter", "seconds", "secondsToFirstReward")) {
      assertThat(summary.get(key).isNumber()).as(key).isTrue();
    }
    assertThat(summary.at("/host/sgemmGflops").asDouble()).isPositive();
    assertThat(Files.readString(run.resolve("config.yaml"))).contains("warmUp: 3");
    JsonNode sample =
        JsonMapper.shared().readTree(Files.readAllLines(run.resolve("samples.jsonl")).getFirst());
    assertThat(sample.get("tokens").size()).isEqualTo(sample.get("logprobs").size()).isPositive();
    assertThat(sample.get("prompt").asString()).startsWith("What is the sum of the digits of ");
    assertThat(run.resolve("reward.png")).isNotEmptyFile();
    assertThat(Files.readString(run.resolve("report.html")))
        .contains("What is the sum of the digits");
    try (LanguageModel model = LanguageModel.load(run.resolve("model"));
        Tokenizer tokenizer = Tokenizer.load(run.resolve("model"))) {
      assertThat(tokenizer.vocabularySize()).isEqualTo(model.decoder().shape().vocabulary());
    }
  }

  @Test
  void theSameSeedGivesTheSameMetrics() throws Exception {
    sumDigits(3);
    sumDigits(3);
    sumDigits(3, "--set", "seed=2");
    assertThat(metrics(runs().get(1))).isEqualTo(metrics(runs().get(0)));
    assertThat(metrics(runs().get(2))).isNotEqualTo(metrics(runs().get(0)));
  }

  @Test
  void aRunThatGoesOnEndsLikeOneThatWasNotStopped() throws Exception {
    sumDigits(4);
    sumDigits(2);
    Path stopped = runs().get(1);
    run("SumDigits.java", "--resume", stopped.toString(), "--set", "steps=4");
    assertThat(metrics(stopped)).isEqualTo(metrics(runs().get(0)));
    assertThat(Files.readAllLines(stopped.resolve("samples.jsonl")))
        .isEqualTo(Files.readAllLines(runs().get(0).resolve("samples.jsonl")));
  }

  @Test
  void grpoTrainsAPublishedModel() throws Exception {
    run(
        "Grpo.java",
        "--set",
        "model=" + SharedFiles.model("smollm2-135m-instruct"),
        "--set",
        "data=" + SharedFiles.data("gsm8k/test.jsonl"),
        "--set",
        "steps=1",
        "--set",
        "prompts=1",
        "--set",
        "samples=2",
        "--set",
        "maxTokens=6",
        "--set",
        "kl=0.01");
    assertThat(metrics(runs().getFirst())).hasSize(1);
  }

  @Test
  void refusesWrongSettingsBeforeAnythingIsWritten() {
    assertThatThrownBy(() -> sumDigits(1, "--set", "sampels=3"))
        .hasMessageContaining("sampels")
        .hasMessageContaining("samples");
    assertThatThrownBy(() -> sumDigits(1, "--set", "prompts=many")).hasMessageContaining("prompts");
    assertThatThrownBy(() -> sumDigits(1, "--sett", "prompts=1"))
        .hasMessageContaining("--set key=value");
    assertThatThrownBy(() -> run("SumDigits.java", "--resume", folder.resolve("none").toString()))
        .hasMessageContaining("none");
    assertThat(folder.resolve("runs")).doesNotExist();
  }
}
