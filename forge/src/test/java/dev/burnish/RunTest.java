package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.observe.FolderInUse;
import dev.burnish.testing.TinyRun;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Runs that are stopped, damaged and resumed, in this process.
@Timeout(120)
class RunTest {
  @TempDir private Path folder;

  private FaultPoint.Installed fault = FaultPoint.install(_ -> {});

  @AfterEach
  void takeTheFaultOut() {
    fault.close();
  }

  /// Trains and returns the output.
  private static String train(String... args) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = System.out;
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      TinyRun.train(args);
    } finally {
      System.setOut(out);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private String start(String name, String... more) {
    List<String> args = new ArrayList<>(List.of("--runs", folder.resolve(name).toString()));
    args.addAll(List.of(more));
    return train(args.toArray(String[]::new));
  }

  private Path run(String name) throws IOException {
    try (Stream<Path> entries = Files.list(folder.resolve(name))) {
      return entries.findFirst().orElseThrow();
    }
  }

  private static List<ObjectNode> metrics(Path run) throws IOException {
    List<ObjectNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      lines.add((ObjectNode) JsonMapper.shared().readTree(line));
    }
    return lines;
  }

  private static List<String> determined(Path run) throws IOException {
    return metrics(run).stream().map(line -> line.without("times").toString()).toList();
  }

  private static List<String> checkpoints(Path run) throws IOException {
    try (Stream<Path> entries = Files.list(run.resolve("checkpoints"))) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private void assertEndsLikeAnUndisturbedRun(Path run) throws IOException {
    start("calm");
    Path calm = run("calm");
    assertThat(determined(run)).isEqualTo(determined(calm));
    assertThat(Files.readAllBytes(run.resolve("model/model.safetensors")))
        .isEqualTo(Files.readAllBytes(calm.resolve("model/model.safetensors")));
  }

  @Test
  void goesOnFromTheCheckpointBeforeAHalfWrittenOne() throws IOException {
    start("runs", "--set", "steps=9", "--set", "optimizer.schedule=constant");
    Path run = run("runs");
    assertThat(checkpoints(run)).contains("step-00000008", "step-00000009", "best.json");
    Path piece = run.resolve("checkpoints/step-00000009/part-001.safetensors");
    try (FileChannel channel = FileChannel.open(piece, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() / 2);
    }
    Files.createDirectories(run.resolve("checkpoints/.partial-step-00000010"));
    Files.writeString(
        run.resolve("metrics.jsonl"), "{\"step\":10,\"times\":{}", StandardOpenOption.APPEND);
    String said = train("--resume", run.toString(), "--set", "steps=14");
    assertThat(said)
        .contains("step-00000009 is damaged: file=part-001.safetensors does not match its digest")
        .contains("resumes after step 8")
        .doesNotContain("step  8/14");
    start("calm", "--set", "optimizer.schedule=constant");
    assertThat(determined(run)).isEqualTo(determined(run("calm")));
    assertThat(checkpoints(run))
        .contains("damaged-step-00000009", "step-00000014")
        .noneMatch(name -> name.startsWith("."));
  }

  record Paths(
      long seed,
      String model,
      String judgeModel,
      String split,
      Path data,
      Path none,
      Optional<Path> more,
      List<Path> others,
      Inner inner) {
    record Inner(Path folder, String model) {}
  }

  @Test
  void pathsOfARunHoldInEveryFolder() throws IOException {
    // The working folder of the tests is that of the module.
    Paths relative =
        new Paths(
            1,
            "src",
            "hf:a/b",
            "src",
            Path.of("src/../pom.xml"),
            Path.of(""),
            Optional.of(Path.of("x y")),
            List.of(Path.of("a"), Path.of("/b")),
            new Paths.Inner(Path.of("c"), "no-such-model"));
    Path here = Path.of("").toAbsolutePath();
    String runs = folder.resolve("runs").toString();
    try (Run<Paths> run = Run.start("paths", relative, "--runs", runs)) {
      Paths expected =
          new Paths(
              1,
              here.resolve("src").toString(),
              "hf:a/b",
              "src",
              here.resolve("pom.xml"),
              Path.of(""),
              Optional.of(here.resolve("x y")),
              List.of(here.resolve("a"), Path.of("/b")),
              new Paths.Inner(here.resolve("c"), "no-such-model"));
      assertThat(run.settings()).isEqualTo(expected);
      Path config = run.folder().resolve("config.yaml");
      assertThat(dev.burnish.config.Config.of(relative).withFile(config).resolve())
          .isEqualTo(expected);
    }
  }

  @Test
  void saysWhichSettingsAreOthersThanItsBeginnings() throws IOException {
    start("runs", "--set", "steps=4");
    Path run = run("runs");
    assertThat(train("--resume", run.toString())).doesNotContain("was 4");
    assertThat(train("--resume", run.toString(), "--steps", "6", "--optimizer.lr=0.5"))
        .contains("resumes with other settings", "steps=6 (was 4)", "optimizer.lr=0.5 (was 0.01)")
        .contains("schedule of the learning rate");
  }

  @Test
  void aSettingMayBeWrittenAsAnOption() throws IOException {
    start("runs", "--seed", "7", "--steps=2");
    assertThat(run("runs").resolve("config.yaml")).content().contains("seed: 7", "steps: 2");
    assertThatThrownBy(() -> start("runs", "--sede", "7"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--set sede=7");
    assertThatThrownBy(() -> start("runs", "--seed"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has a value");
  }

  @Test
  void refusesAFolderThatAnotherRunWritesTo() throws IOException {
    start("runs", "--set", "steps=4");
    Path run = run("runs");
    List<Throwable> refused = new ArrayList<>();
    fault =
        FaultPoint.install(point -> {
          if (point.equals("run.model")) {
            try {
              TinyRun.train("--resume", run.toString());
            } catch (FolderInUse e) {
              refused.add(e);
            }
          }
        });
    train("--resume", run.toString());
    assertThat(refused).hasSize(1);
    assertThat(refused.getFirst())
        .hasMessageContaining("another run writes to this folder")
        .hasMessageContaining(run.toString());
    assertThat(determined(run)).hasSize(4);
  }

  @Test
  void refusesToGoOnWithAnotherSeed() throws IOException {
    start("runs", "--set", "steps=4");
    String run = run("runs").toString();
    assertThatThrownBy(() -> train("--resume", run, "--set", "seed=2", "--set", "steps=5"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("seed=2, its checkpoint has seed=1");
    assertThat(determined(run("runs"))).hasSize(4);
    train("--resume", run, "--set", "steps=5");
    assertThat(determined(run("runs"))).hasSize(5);
  }

  @Test
  void aCheckpointThatCannotBeWrittenIsToldTriedAgainAndCounted() throws IOException {
    int[] numFailed = {0};
    fault =
        FaultPoint.install(point -> {
          if (point.equals("checkpoint.manifest") && numFailed[0] < 3) {
            numFailed[0]++;
            throw new UncheckedIOException(new IOException("No space left on device"));
          }
        });
    String said = start("runs");
    assertThat(said).contains("No space left on device").contains("trying again");
    Path run = run("runs");
    JsonNode summary = JsonMapper.shared().readTree(Files.readString(run.resolve("summary.json")));
    assertThat(summary.get("failedCheckpoints").asInt()).isEqualTo(3);
    assertThat(summary.get("status").asString()).isEqualTo("finished");
    fault.close();
    assertEndsLikeAnUndisturbedRun(run);
  }

  @Test
  void aCheckpointThatCouldNotBeWrittenIsTriedAgainInTheNextStep() {
    AtomicInteger tried = new AtomicInteger();
    fault =
        FaultPoint.install(point -> {
          if (point.equals("checkpoint.manifest") && tried.incrementAndGet() == 1) {
            throw new UncheckedIOException(new IOException("No space left on device"));
          }
          if (point.equals("run.flush")) {
            awaitWriters();
          }
        });
    String said = start("runs", "--set", "every=6", "--set", "best=false");
    assertThat(said).contains("step-00000006").contains("trying again");
    assertThat(tried).as("after 6, 7, 12 and at the end").hasValue(4);
  }

  /// Waits so that the result of a checkpoint is known when the next step ends.
  private static void awaitWriters() {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("checkpoint/")) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
    }
  }

  @Test
  void aLastCheckpointThatCannotBeWrittenIsAnError() {
    fault =
        FaultPoint.install(point -> {
          if (point.equals("checkpoint.manifest")) {
            throw new UncheckedIOException(new IOException("No space left on device"));
          }
        });
    assertThatThrownBy(() -> start("runs"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("step-00000014")
        .hasMessageContaining("free space");
  }

  @Test
  void namesTheLastGoodCheckpointWhereTrainingStops() throws IOException {
    assertThatThrownBy(() ->
            start(
                "runs",
                "--set",
                "optimizer.lr=9.9",
                "--set",
                "optimizer.eps=1e-300",
                "--set",
                "steps=4000",
                "--set",
                "every=1",
                "--set",
                "optimizer.clipNorm=0",
                "--set",
                "optimizer.name=sgd"))
        .hasMessageContaining("checkpoint=" + run("runs").resolve("checkpoints/step-"));
    JsonNode summary =
        JsonMapper.shared().readTree(Files.readString(run("runs").resolve("summary.json")));
    assertThat(summary.get("status").asString()).isEqualTo("failed");
  }

  @Test
  void showsWhatAUserWatches() throws IOException {
    String said = start("runs");
    assertThat(said.lines().filter(line -> line.startsWith("step 14/14")).findFirst())
        .hasValueSatisfying(line ->
            assertThat(line).contains("lr ", "norm ", "tok/s ", "mfu ", "GB ", "0:00 left"));
    ObjectNode last = metrics(run("runs")).getLast();
    for (String key : List.of("loss", "gradNorm", "lr", "targets")) {
      assertThat(last.get(key).isNumber()).as(key).isTrue();
    }
    for (String key : List.of("trainTokensPerSecond", "mfu", "memoryGb", "peakMemoryGb")) {
      assertThat(last.at("/times/" + key).asDouble()).as(key).isPositive();
    }
    assertThat(last.at("/times/secondsLeft").asDouble()).isZero();
    assertThat(metrics(run("runs")).get(5).at("/times/secondsLeft").asDouble()).isPositive();
    // A step takes at least its training.
    List<ObjectNode> lines = metrics(run("runs"));
    double trained =
        lines.subList(1, 6).stream()
            .mapToDouble(line -> line.at("/times/trainSeconds").asDouble())
            .average()
            .orElseThrow();
    assertThat(lines.get(5).at("/times/secondsLeft").asDouble())
        .isGreaterThanOrEqualTo((14 - 6) * trained);
    assertThat(last.at("/times/mfu").asDouble()).isLessThan(1);
    assertThat(last.at("/times/memoryGb").asDouble()).isBetween(0.05, 20.0);
    try (Stream<Path> events = Files.list(run("runs").resolve("tensorboard"))) {
      assertThat(events.map(Path::toFile).toList())
          .singleElement()
          .satisfies(file -> assertThat(file.length()).isGreaterThan(14 * 100));
    }
    String report = Files.readString(run("runs").resolve("report.html"));
    assertThat(report).contains("mfu", "memoryGb", "gradNorm", "secondsLeft");
  }
}
