package dev.burnish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.googlejavaformat.java.Formatter;
import dev.burnish.controller.recording.Replay;
import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.host.Jobs;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.model.PeftAdapter;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.rl.journal.EpisodeJournal;
import dev.burnish.sandbox.Sandboxes;
import dev.burnish.script.Script;
import dev.burnish.testing.SharedFiles;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The scripts that users start from, run as the command runs them, at a small size.
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
                "steps=" + steps,
                "--set",
                "processes=THREADS"));
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

  private static List<Path> examples() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
  }

  @Test
  void noExampleIsLongerThanSixtyLinesOfAHundredColumns() throws IOException {
    assertThat(examples())
        .isNotEmpty()
        .allSatisfy(file ->
            assertThat(Files.readAllLines(file))
                .as(file.toString())
                .hasSizeLessThanOrEqualTo(60)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100)));
  }

  @Test
  void theLoopOfTheReadmeIsThatOfGrpo() throws IOException {
    String readme = Files.readString(Path.of("..", "README.md"));
    String loop = readme.substring(readme.indexOf("```java\n") + "```java\n".length());
    String indented = loop.substring(0, loop.indexOf("```")).indent(4);
    assertThat(indented.lines()).hasSizeBetween(8, 15);
    assertThat(Files.readString(EXAMPLES.resolve("Grpo.java"))).contains(indented);
  }

  @Test
  void theExamplesAreFormatted() throws Exception {
    Formatter format = new Formatter();
    for (Path example : examples()) {
      String source = Files.readString(example);
      assertThat(format.formatSource(source))
          .as(example + ": see ./mvnw spotless:apply")
          .isEqualTo(source);
    }
    assertThat(format.formatSource("void main() {IO.println(1);}\n"))
        .isEqualTo("void main() {\n  IO.println(1);\n}\n");
  }

  @Test
  void alphabetSortTrainsOnWholeConversations() throws Exception {
    List<JsonNode> samples = smallRun("AlphabetSort.java");
    assertThat(samples).hasSize(2 * 2 * 3);
    assertThat(samples)
        .allSatisfy(sample -> assertThat(sample.get("prompt").asString()).hasSize(8)); // "ca eb dk"
    // Three answers of at most sixteen tokens, of which only what was sampled is counted.
    assertThat(samples)
        .allSatisfy(sample -> assertThat(sample.get("tokens").size()).isBetween(3, 48));
  }

  @Test
  void toolMathTrainsOnEpisodesWithCallsAndRecordsThem() throws Exception {
    assertThat(smallRun("ToolMath.java")).hasSize(2 * 2 * 3);
    Path run = runs().getFirst();
    JsonNode step = JsonMapper.shared().readTree(metrics(run).getFirst());
    for (String key : List.of("tools/calls", "tools/answered", "tools/malformed")) {
      assertThat(step.findPath(key).isNumber()).as(key).isTrue();
    }
    try (EpisodeJournal journal = EpisodeJournal.open(run.resolve("episodes.bin"))) {
      assertThat(journal.group(0).orElseThrow().episodes())
          .hasSize(3)
          .allSatisfy(episode -> assertThat(episode.recording()).isPresent());
    }
  }

  @Test
  void codeAgentTrainsOnProgramsThatWereRun() throws Exception {
    Sandboxes.require();
    List<JsonNode> samples = smallRun("CodeAgent.java");
    assertThat(samples).hasSize(2 * 2 * 3);
    // A number of two digits, and at most two programs of at most sixteen tokens.
    assertThat(samples)
        .allSatisfy(sample -> assertThat(sample.get("prompt").asString()).matches("[1-8][0-9]"));
    assertThat(samples)
        .allSatisfy(sample -> assertThat(sample.get("tokens").size()).isBetween(1, 32));
  }

  /// The samples of two steps of an example, of two groups of three.
  private List<JsonNode> smallRun(String example) throws Exception {
    String[] small = {"warmUp=3", "prompts=2", "samples=3", "steps=2", "processes=THREADS"};
    List<String> args = new ArrayList<>();
    for (String setting : small) {
      args.addAll(List.of("--set", setting));
    }
    run(example, args.toArray(String[]::new));
    Path run = runs().getFirst();
    assertThat(metrics(run)).hasSize(2);
    List<JsonNode> samples = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("samples.jsonl"))) {
      samples.add(JsonMapper.shared().readTree(line));
    }
    return samples;
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

  /// The replicas are processes; the one that is killed is a call or two away from its next call.
  @Test
  void aRewardInOtherProcessesGivesTheSameMetricsThoughOneIsKilled() throws Exception {
    sumDigits(40);
    AtomicBoolean killed = new AtomicBoolean();
    Thread killer =
        Thread.ofPlatform()
            .start(() -> {
              long pid = awaitRewardProcess();
              killed.set(ProcessHandle.of(pid).orElseThrow().destroyForcibly());
            });
    sumDigits(40, "--set", "processes=JVMS");
    assertThat(killed).as("before the run had ended").isTrue();
    killer.join();
    assertThat(metrics(runs().get(1))).isEqualTo(metrics(runs().get(0)));
    assertThat(metrics(runs().get(1))).hasSize(40);
  }

  /// The process of the first replica, once its actor has answered calls.
  private static long awaitRewardProcess() {
    String job = "run-" + ProcessHandle.current().pid();
    while (!Jobs.running().contains(job)) {
      Thread.onSpinWait();
    }
    while (true) {
      Optional<Long> pid =
          Jobs.status(job).hosts().getFirst().processes().stream()
              .filter(process -> process.process().equals("reward/0/0"))
              .filter(process -> process.actors().stream().anyMatch(a -> a.numCalls() > 0))
              .map(HostAgent.ProcessStatus::pid)
              .findFirst();
      if (pid.isPresent()) {
        return pid.get();
      }
    }
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
        "kl=0.01",
        "--set",
        "processes=THREADS");
    assertThat(metrics(runs().getFirst())).hasSize(1);
  }

  private void ppo(String... settings) throws Exception {
    List<String> args = new ArrayList<>();
    for (String setting :
        List.of(
            "warmUp=2",
            "prompts=4",
            "samples=2",
            "ppo.kl=0.1",
            "processes=THREADS",
            "lora.modules=[q_proj, v_proj]")) {
      args.addAll(List.of("--set", setting));
    }
    args.addAll(List.of(settings));
    run("Ppo.java", args.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora.rank=0", "lora.rank=2"})
  void ppoThatGoesOnEndsLikeOneThatWasNotStopped(String lora) throws Exception {
    String[] four = {"--set", lora, "--set", "steps=4", "--set", "optimizer.schedule=constant"};
    ppo(four);
    String[] two = {"--set", lora, "--set", "steps=2", "--set", "optimizer.schedule=constant"};
    ppo(two);
    Path whole = runs().get(0);
    Path stopped = runs().get(1);
    run("Ppo.java", "--resume", stopped.toString(), "--set", "steps=4");
    assertThat(metrics(stopped)).isEqualTo(metrics(whole)).hasSize(4);
    for (String model : List.of("model", "critic/model")) {
      assertThat(stopped.resolve(model + "/model.safetensors"))
          .hasSameBinaryContentAs(whole.resolve(model + "/model.safetensors"));
    }
    JsonNode last = JsonMapper.shared().readTree(metrics(whole).getLast());
    for (String key :
        List.of("reward", "valueLoss", "explainedVariance", "clipFraction", "value", "return")) {
      assertThat(last.get(key).isNumber()).as(key).isTrue();
    }
    assertThat(last.get("value").asDouble()).isNotZero();
    try (LanguageModel critic = LanguageModel.load(whole.resolve("critic/model"))) {
      assertThat(critic.decoder().shape().head()).isEqualTo(HeadKind.VALUE);
    }
    assertThat(Files.exists(whole.resolve("critic/adapter"))).isEqualTo(lora.endsWith("2"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora.rank=0", "lora.rank=2"})
  void ppoInProcessesHasTheMetricsAndModelsOfPpoInThreads(String lora) throws Exception {
    String model = "model=" + characterModel();
    ppo("--set", model, "--set", "steps=2", "--set", lora);
    ppo("--set", model, "--set", "steps=2", "--set", lora, "--set", "processes=JVMS");
    Path threads = runs().get(0);
    Path processes = runs().get(1);
    assertThat(metrics(processes)).isEqualTo(metrics(threads)).hasSize(2);
    for (String each : List.of("model", "critic/model")) {
      assertThat(processes.resolve(each + "/model.safetensors"))
          .hasSameBinaryContentAs(threads.resolve(each + "/model.safetensors"));
    }
    List<String> said = new ArrayList<>();
    Replay.Range all = new Replay.Range(OptionalLong.empty(), OptionalLong.empty());
    assertThat(Replay.of(processes, all, source -> LanguageModel.load(Path.of(source)), said::add))
        .isInstanceOf(Replay.Verdict.Same.class);
    assertThat(said)
        .contains("steps 2 to 2: the same weights of the policy")
        .contains("steps 2 to 2: the same weights of the critic");
  }

  @Test
  void ppoTrainsAPublishedModelAndSaysWhatThatTakes() throws Exception {
    String model = "model=" + characterModel();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = System.out;
    System.setOut(new PrintStream(bytes, true, UTF_8));
    try {
      ppo("--set", model, "--dry-run");
    } finally {
      System.setOut(out);
    }
    // Those of both models, over all updates.
    assertThat(bytes.toString(UTF_8))
        .containsPattern("weights +0\\.0[2-9]\\d MB")
        .containsPattern("moments +0\\.1\\d\\d MB")
        .containsPattern("about \\S+ s a step")
        .containsPattern("critic +1 +\\d+ +\\d+ MB");
    assertThat(folder.resolve("runs")).doesNotExist();
    ppo("--set", model, "--set", "steps=1", "--set", "ppo.kl=0.1");
    assertThat(metrics(runs().getFirst())).hasSize(1);
  }

  /// A model of characters with random weights, in the layout of a published one.
  private Path characterModel() throws IOException {
    Path model = folder.resolve("character-model");
    StringBuilder alphabet = new StringBuilder("\n");
    for (char c = ' '; c <= '~'; c++) {
      alphabet.append(c);
    }
    try (Tokenizer tokenizer = CharacterTokenizer.of(alphabet.toString())) {
      int vocabulary = tokenizer.vocabularySize();
      int end = tokenizer.endId().orElseThrow();
      var config = new LlamaConfig(vocabulary, 16, 32, 2, 4, 2, 256, 10_000, 0.1, end);
      LanguageModel.random(config.toJson(), 3).save(model);
      tokenizer.save(model);
    }
    Files.writeString(
        model.resolve("chat_template.jinja"),
        "{% for m in messages %}<{{ m.role }}:{{ m.content }}>{% endfor %}"
            + "{% if add_generation_prompt %}<assistant:{% endif %}");
    return model;
  }

  private Path rows(int count) throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < count; i++) {
      rows.append("{\"question\": \"%d + 1?\", \"answer\": \"#### %d\"}%n".formatted(i, i + 1));
    }
    return Files.writeString(folder.resolve("rows.jsonl"), rows);
  }

  private void tune(String script, Path data, String... more) throws Exception {
    List<String> args = new ArrayList<>();
    List<String> settings =
        new ArrayList<>(
            List.of("data=" + data, "batch=3", "evalEvery=3", "heldOut=0.2", "microTokens=64"));
    settings.add("model=" + folder.resolve("character-model"));
    settings.addAll(
        List.of("optimizer.schedule=constant", "optimizer.lr=1e-2", "text.maxTokens=128"));
    settings.forEach(setting -> args.addAll(List.of("--set", setting)));
    args.addAll(List.of(more));
    run(script, args.toArray(String[]::new));
  }

  private static JsonNode summary(Path run) throws IOException {
    return JsonMapper.shared().readTree(Files.readString(run.resolve("summary.json")));
  }

  @Test
  void sftLowersTheLossAndLeavesEverythingARunPromises() throws Exception {
    characterModel();
    tune("Sft.java", rows(40), "--set", "steps=12");
    Path run = runs().getFirst();
    JsonNode summary = summary(run);
    assertThat(summary.get("status").asString()).isEqualTo("finished");
    assertThat(summary.get("trainDocuments").asInt()).isEqualTo(32);
    assertThat(summary.get("skippedRows").asInt()).isZero();
    assertThat(summary.get("evalLoss").asDouble())
        .isLessThan(0.9 * summary.get("evalLossBefore").asDouble());
    assertThat(summary.get("perplexity").asDouble())
        .isEqualTo(Math.exp(summary.get("evalLoss").asDouble()));
    List<JsonNode> lines = metrics(run).stream().map(JsonMapper.shared()::readTree).toList();
    assertThat(lines).hasSize(12).allMatch(line -> line.has("loss"));
    assertThat(lines.stream().filter(line -> line.has("evalLoss") && line.has("perplexity")))
        .extracting(line -> line.get("step").asInt())
        .containsExactly(3, 6, 9, 12);
    assertThat(run.resolve("loss.png")).isNotEmptyFile();
    assertThat(run.resolve("reward.png")).doesNotExist();
    assertThat(Files.readString(run.resolve("report.html"))).contains("evalLossBefore");
    LanguageModel.load(run.resolve("model")).close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora.rank=0", "lora.rank=2"})
  void sftThatGoesOnEndsLikeOneThatWasNotStopped(String lora) throws Exception {
    characterModel();
    Path data = rows(20);
    String[] dropout = {"--set", lora, "--set", "lora.dropout=0.1"};
    String[] six = {"--set", "steps=6", dropout[0], dropout[1], dropout[2], dropout[3]};
    tune("Sft.java", data, six);
    six[1] = "steps=3";
    tune("Sft.java", data, six);
    Path whole = runs().get(0);
    Path stopped = runs().get(1);
    run("Sft.java", "--resume", stopped.toString(), "--set", "steps=6");
    assertThat(metrics(stopped)).isEqualTo(metrics(whole));
    assertThat(stopped.resolve("model/model.safetensors"))
        .hasSameBinaryContentAs(whole.resolve("model/model.safetensors"));
    for (String key : List.of("evalLossBefore", "bestEvalLoss", "bestEvalLossStep")) {
      assertThat(summary(stopped).get(key)).isEqualTo(summary(whole).get(key));
    }
  }

  @Test
  void aRunGoesOnWithTheDataItBeganWithAlone() throws Exception {
    characterModel();
    tune("Sft.java", rows(20), "--set", "steps=3");
    rows(21);
    String run = runs().getFirst().toString();
    assertThatThrownBy(() -> run("Sft.java", "--resume", run, "--set", "steps=6"))
        .hasMessageContaining("trainDocuments=17.0, was 16.0");
    rows(20);
    assertThatThrownBy(() -> run("Sft.java", "--resume", run, "--set", "batch=4"))
        .hasMessageContaining("documentsPerStep=4.0, was 3.0");
  }

  @Test
  void sftStopsEarlyWhereTheHeldOutLossNoLongerFalls() throws Exception {
    characterModel();
    tune(
        "Sft.java",
        rows(20),
        "--set",
        "steps=60",
        "--set",
        "patience=6",
        "--set",
        "optimizer.lr=1");
    JsonNode summary = summary(runs().getFirst());
    assertThat(summary.get("status").asString()).isEqualTo("finished");
    assertThat(summary.get("steps").asInt())
        .isLessThan(60)
        .isEqualTo(summary.get("bestEvalLossStep").asInt() + 6);
  }

  @Test
  void sftSkipsBadRowsWhenAsked() throws Exception {
    characterModel();
    Path data = rows(20);
    Files.writeString(data, Files.readString(data) + "{\"text\": 5}\n{\n");
    assertThatThrownBy(() -> tune("Sft.java", data, "--set", "steps=1"))
        .hasMessageContaining("rows.jsonl:21: a row has the text field");
    tune("Sft.java", data, "--set", "steps=1", "--set", "badRows=SKIP");
    assertThat(summary(runs().getLast()).get("skippedRows").asInt()).isEqualTo(2);
  }

  @Test
  void sftOfAnAdaptationLeavesAnAdapterAndAMergedModel() throws Exception {
    Path base = characterModel();
    tune(
        "Sft.java",
        rows(20),
        "--set",
        "steps=3",
        "--set",
        "lora.rank=2",
        "--set",
        "lora.modules=[q_proj, down_proj]");
    Path run = runs().getFirst();
    try (LanguageModel model = LanguageModel.load(base);
        LanguageModel merged = LanguageModel.load(run.resolve("model"))) {
      PeftAdapter.load(model, run.resolve("adapter"));
      assertThat(model.decoder().lora().rank()).isEqualTo(2);
      try (LanguageModel again = model.copy()) {
        for (int i = 0; i < again.decoder().parts().size(); i++) {
          assertThat(merged.decoder().parts().get(i).values().toFloatArray())
              .isEqualTo(again.decoder().parts().get(i).values().toFloatArray());
        }
      }
    }
    JsonNode config =
        JsonMapper.shared().readTree(Files.readString(run.resolve("adapter/adapter_config.json")));
    assertThat(config.get("base_model_name_or_path").asString()).isEqualTo(base.toString());
    assertThat(config.get("target_modules").valueStream().map(JsonNode::asString))
        .containsExactly("q_proj", "down_proj");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora.rank=0", "lora.rank=2"})
  void dpoPrefersWhatItIsShown(String lora) throws Exception {
    characterModel();
    Path data = pairs("{\"prompt\": \"%d\", \"chosen\": \"yes\", \"rejected\": \"no\"}%n", 30);
    tune("Dpo.java", data, "--set", "steps=12", "--set", lora);
    Path run = runs().getFirst();
    JsonNode last = JsonMapper.shared().readTree(metrics(run).getLast());
    assertThat(last.get("margin").asDouble()).isPositive();
    for (String key : List.of("accuracy", "chosenReward", "rejectedReward", "evalLoss")) {
      assertThat(last.get(key).isNumber()).as(key).isTrue();
    }
    assertThat(summary(run).get("evalAccuracy").asDouble()).isEqualTo(1);
    assertThat(summary(run).get("evalLoss").asDouble()).isLessThan(Math.log(2));
    assertThat(run.resolve("loss.png")).isNotEmptyFile();
  }

  @Test
  void aRunBeginsFromTheAdapterOfAnother() throws Exception {
    characterModel();
    tune("Sft.java", rows(20), "--set", "steps=3", "--set", "lora.rank=2");
    Path adapter = runs().getFirst().resolve("adapter");
    String[] still = {
      "--set", "steps=2", "--set", "optimizer.lr=0", "--set", "lora.from=" + adapter
    };
    tune("Sft.java", rows(20), still);
    assertThat(runs().getLast().resolve("adapter/adapter_model.safetensors"))
        .hasSameBinaryContentAs(adapter.resolve("adapter_model.safetensors"));
    assertThat(runs().getLast().resolve("model/model.safetensors"))
        .hasSameBinaryContentAs(runs().getFirst().resolve("model/model.safetensors"));

    Path data =
        Files.writeString(
            folder.resolve("pairs.jsonl"),
            """
            {"prompt": "a", "chosen": "yes", "rejected": "no"}
            {"prompt": "b", "chosen": "yes", "rejected": "maybe"}
            {"prompt": "c", "chosen": "ja", "rejected": "no"}
            """);
    String[] from = {"--set", "heldOut=0.3", still[4], still[5], "--set", "steps=4"};
    tune("Dpo.java", data, from);
    Path whole = runs().getFirst();
    // The reference is the model as the run found it, the adapter included.
    assertThat(summary(whole).get("evalLossBefore").asDouble())
        .isCloseTo(Math.log(2), within(1e-5));
    from[5] = "steps=3";
    tune("Dpo.java", data, from);
    Path stopped = runs().get(1);
    run("Dpo.java", "--resume", stopped.toString(), "--set", "steps=4");
    assertThat(metrics(stopped)).isEqualTo(metrics(whole));
  }

  @Test
  void dpoThatGoesOnEndsLikeOneThatWasNotStopped() throws Exception {
    characterModel();
    Path data =
        Files.writeString(
            folder.resolve("pairs.jsonl"),
            """
            {"prompt": "a", "chosen": "yes", "rejected": "no"}
            {"prompt": "b", "chosen": "yes", "rejected": "maybe"}
            {"prompt": "c", "chosen": "ja", "rejected": "no"}
            """);
    tune("Dpo.java", data, "--set", "steps=6", "--set", "heldOut=0.3");
    tune("Dpo.java", data, "--set", "steps=3", "--set", "heldOut=0.3");
    run("Dpo.java", "--resume", runs().get(1).toString(), "--set", "steps=6");
    assertThat(metrics(runs().get(1))).isEqualTo(metrics(runs().get(0)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Sft.java", "Dpo.java", "Grpo.java"})
  void saysWhatAStepTakesAndTrainsNothing(String script) throws Exception {
    Path model = characterModel();
    byte[] before = Files.readAllBytes(model.resolve("model.safetensors"));
    Path data =
        script.equals("Dpo.java")
            ? pairs("{\"prompt\": \"%d\", \"chosen\": \"yes\", \"rejected\": \"no\"}%n", 30)
            : rows(30);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = System.out;
    System.setOut(new PrintStream(bytes, true, UTF_8));
    try {
      if (script.equals("Grpo.java")) {
        run(script, "--set", "model=" + model, "--set", "data=" + data, "--dry-run");
      } else {
        tune(script, data, "--dry-run");
      }
    } finally {
      System.setOut(out);
    }
    assertThat(bytes.toString(UTF_8))
        .containsPattern("tokens +[1-9]\\d*, [1-9]\\d* targets")
        .containsPattern("weights +0\\.0[1-9]\\d MB")
        .containsPattern("peak +\\d\\.\\d{3} GB")
        .containsPattern("about \\S+ s a step")
        .doesNotContain("step 1/");
    assertThat(folder.resolve("runs")).doesNotExist();
    assertThat(Files.readAllBytes(model.resolve("model.safetensors"))).isEqualTo(before);
  }

  private Path pairs(String pattern, int count) throws IOException {
    StringBuilder pairs = new StringBuilder();
    for (int i = 0; i < count; i++) {
      pairs.append(pattern.formatted(i));
    }
    return Files.writeString(folder.resolve("pairs.jsonl"), pairs);
  }

  @Test
  void checkpointsComeAndStayAsTheSettingsSay() throws Exception {
    characterModel();
    tune(
        "Sft.java",
        rows(20),
        "--set",
        "steps=30",
        "--set",
        "optimizer.lr=1",
        "--set",
        "checkpoints={every: 10, keep: 1, best: evalLoss, goal: lowest}",
        "--set",
        "train.health.skipBad=true",
        "--set",
        "train.memory.offload=always",
        "--set",
        "train.memory.folder=" + folder.resolve("offload"));
    Path run = runs().getFirst();
    int best = summary(run).get("bestEvalLossStep").asInt();
    assertThat(best).isLessThan(30);
    assertThat(summary(run).get("bestStep").asInt()).isEqualTo(best);
    try (Stream<Path> kept = Files.list(run.resolve("checkpoints"))) {
      assertThat(kept.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "best.json", "step-%08d".formatted(best), "step-%08d".formatted(30));
    }
    assertThat(folder.resolve("offload")).isDirectory();
    // The model of the best step is that of a run which ends there.
    tune("Sft.java", rows(20), "--set", "steps=" + best, "--set", "optimizer.lr=1");
    assertThat(run.resolve("best/model/model.safetensors"))
        .hasSameBinaryContentAs(runs().getLast().resolve("model/model.safetensors"));
    assertThat(run.resolve("best/model/tokenizer.json")).isRegularFile();
    assertThat(runs().getLast().resolve("best")).doesNotExist();
  }

  @Test
  void checkpointsAndMeasurementsComeWhenTheyAreDueAndAtTheEnd() throws Exception {
    characterModel();
    tune(
        "Sft.java",
        rows(20),
        "--set",
        "steps=10",
        "--set",
        "checkpoints.every=4",
        "--set",
        "checkpoints.keep=9");
    Path run = runs().getFirst();
    try (Stream<Path> kept = Files.list(run.resolve("checkpoints"))) {
      assertThat(kept.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("step-00000004", "step-00000008", "step-00000010");
    }
    List<JsonNode> lines = metrics(run).stream().map(JsonMapper.shared()::readTree).toList();
    assertThat(lines.stream().filter(line -> line.has("evalLoss")))
        .extracting(line -> line.get("step").asInt())
        .containsExactly(3, 6, 9, 10);
  }

  @Test
  void aSettingThatMakesNoSenseIsOneClearLine() throws Exception {
    characterModel();
    Path data = rows(20);
    Map.of(
            "steps=-4", "a run must have steps: steps=-4",
            "batch=0", "batch=0; give 1 or more",
            "evalEvery=-1", "every=-1; give 0 for never",
            "checkpoints.every=0", "checkpoints.every=0",
            "train.health.window=2", "train.health.window",
            "model=", "model is not set",
            "data=", "data is not set")
        .forEach((setting, message) ->
            assertThatThrownBy(() -> tune("Sft.java", data, "--set", setting))
                .as(setting)
                .isInstanceOf(RuntimeException.class)
                .hasMessageContaining(message));
  }

  @Test
  void grpoTrainsAnAdaptation() throws Exception {
    characterModel();
    String[] args = {
      "--set",
      "steps=2",
      "--set",
      "prompts=1",
      "--set",
      "samples=2",
      "--set",
      "maxTokens=4",
      "--set",
      "kl=0.01",
      "--set",
      "lora.rank=2",
      "--set",
      "processes=THREADS",
      "--set",
      "model=" + folder.resolve("character-model"),
      "--set",
      "data=" + rows(8)
    };
    run("Grpo.java", args);
    Path run = runs().getFirst();
    assertThat(run.resolve("adapter/adapter_model.safetensors")).isNotEmptyFile();
    assertThat(metrics(run)).hasSize(2).allMatch(line -> line.contains("\"kl\""));
    Replay.Range all = new Replay.Range(OptionalLong.empty(), OptionalLong.empty());
    assertThat(Replay.of(run, all, source -> LanguageModel.load(Path.of(source)), _ -> {}))
        .isInstanceOf(Replay.Verdict.Same.class);
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
