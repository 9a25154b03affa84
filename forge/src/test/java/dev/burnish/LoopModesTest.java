package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.controller.recording.Replay;
import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.host.Jobs;
import dev.burnish.model.LanguageModel;
import dev.burnish.script.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The ways in which rollouts and training may go together that depend on timing, or leave groups
/// out: through a script, as a user chooses them.
@Timeout(240)
class LoopModesTest {
  @TempDir private Path folder;

  private Path run(String... settings) throws Exception {
    List<String> args = new ArrayList<>(List.of("--runs", folder.resolve("runs").toString()));
    List<String> all =
        new ArrayList<>(List.of("warmUp=60", "digits=1", "prompts=2", "samples=8", "heldOut=8"));
    all.addAll(List.of(settings));
    all.forEach(setting -> args.addAll(List.of("--set", setting)));
    Script.compile(Path.of("..", "examples", "SumDigits.java")).run(args);
    return newest();
  }

  private Path newest() throws IOException {
    try (Stream<Path> entries = Files.list(folder.resolve("runs"))) {
      return entries.sorted().toList().getLast();
    }
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    return Files.readAllLines(file).stream().map(JsonMapper.shared()::readTree).toList();
  }

  private static JsonNode summary(Path run) throws IOException {
    return JsonMapper.shared().readTree(Files.readString(run.resolve("summary.json")));
  }

  /// Every token of every sample.
  private static void requireStaleness(Path run, int most) throws IOException {
    assertThat(lines(run.resolve("samples.jsonl")))
        .isNotEmpty()
        .allSatisfy(sample -> {
          long trained = sample.get("step").asLong() - 1;
          List<Long> versions = new ArrayList<>(List.of(sample.get("weightVersion").asLong()));
          sample.path("versions").forEach(each -> versions.add(each.get("version").asLong()));
          assertThat(versions).allMatch(version -> version <= trained && trained - version <= most);
          assertThat(sample.at("/origin/madeBy").asString()).startsWith("generator/0 pid ");
          assertThat(sample.at("/origin/attempts").asInt()).isPositive();
        });
  }

  @Test
  void aLoopInThreadsLeavesNoSharedMemoryBehind() throws Exception {
    Set<String> before = regions();
    Path first = run("maxStaleness=1", "processes=THREADS", "steps=3");
    run("mode=CONTINUOUS", "maxStaleness=1", "processes=THREADS", "steps=3");
    Script.compile(Path.of("..", "examples", "SumDigits.java"))
        .run(List.of("--resume", first.toString(), "--set", "steps=5"));
    Set<String> left = regions();
    left.removeAll(before);
    assertThat(left).isEmpty();
  }

  /// Of this process.
  private static Set<String> regions() throws IOException {
    Set<String> regions = new HashSet<>();
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      for (Path file : files.toList()) {
        if (Files.isSymbolicLink(file)) {
          String target = Files.readSymbolicLink(file).toString();
          if (target.contains("burnish-region-")) {
            regions.add(target);
          }
        }
      }
    }
    return regions;
  }

  @Test
  void continuousRolloutsStayWithinTheirBoundAndResume() throws Exception {
    Path run = run("mode=CONTINUOUS", "maxStaleness=2", "processes=THREADS", "steps=8");
    requireStaleness(run, 2);
    Script.compile(Path.of("..", "examples", "SumDigits.java"))
        .run(List.of("--resume", run.toString(), "--set", "steps=14"));
    requireStaleness(run, 2);
    assertThat(lines(run.resolve("metrics.jsonl"))).hasSize(14);
    JsonNode summary = summary(run);
    assertThat(summary.get("groupsTrained").asInt()).isEqualTo(28);
    assertThat(summary.get("groupsDispatched").asInt())
        .isEqualTo(28 + summary.get("groupsCancelled").asInt());
  }

  @Test
  void aWindowLetsGroupsPassASlowOne() throws Exception {
    Path run =
        run("mode=CONTINUOUS", "maxStaleness=1", "groups.window=4", "processes=THREADS", "steps=8");
    requireStaleness(run, 1 + 2); // of the window: ceil((4 - 1) / 2)
    assertThat(summary(run).get("groupsTrained").asInt()).isEqualTo(16);
    assertThatThrownBy(() -> run("groups.window=4", "steps=2", "processes=THREADS"))
        .hasMessageContaining("choose CONTINUOUS");
  }

  @Test
  void continuousRolloutsSurviveTheLossOfTheirGenerator() throws Exception {
    AtomicBoolean killed = new AtomicBoolean();
    Thread killer = Thread.ofPlatform().start(() -> killed.set(killGenerator()));
    Path run;
    try {
      run = run("mode=CONTINUOUS", "maxStaleness=2", "processes=JVMS", "steps=40");
    } finally {
      killer.interrupt();
    }
    killer.join();
    assertThat(killed).as("before the run had ended").isTrue();
    requireStaleness(run, 2);
    assertThat(lines(run.resolve("metrics.jsonl"))).hasSize(40);
    assertThat(summary(run).get("groupsTrained").asInt()).isEqualTo(80);
    assertThat(
            lines(run.resolve("samples.jsonl")).stream()
                .map(sample -> sample.at("/origin/madeBy").asString())
                .distinct())
        .as("processes of the generator")
        .hasSize(2);
  }

  /// Once a group of it was trained on, so that the samples of the run tell of both processes.
  private boolean killGenerator() {
    while (!hasSamples()) {
      if (Thread.interrupted()) {
        return false; // the run has ended
      }
      Thread.onSpinWait();
    }
    long pid =
        Jobs.status("run-" + ProcessHandle.current().pid()).hosts().getFirst().processes().stream()
            .filter(process -> process.process().startsWith("generator/"))
            .map(HostAgent.ProcessStatus::pid)
            .findFirst()
            .orElseThrow();
    return ProcessHandle.of(pid).orElseThrow().destroyForcibly();
  }

  private boolean hasSamples() {
    try {
      return Files.exists(folder.resolve("runs"))
          && Files.size(newest().resolve("samples.jsonl")) > 0;
    } catch (NoSuchFileException | NoSuchElementException e) {
      return false; // the run has not begun
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aStepWhoseGroupsTeachNothingLeavesTheWeights() throws Exception {
    Path run =
        run(
            "groups.filter=EQUAL_REWARDS",
            "maxStaleness=1",
            "processes=THREADS",
            "steps=8",
            "checkpoints.every=3");
    List<JsonNode> steps = lines(run.resolve("metrics.jsonl"));
    assertThat(steps).hasSize(8);
    assertThat(steps.stream().filter(step -> step.get("groups").asInt() == 0))
        .isNotEmpty()
        .allMatch(step -> step.get("targets").asInt() == 0 && !step.has("reward"));
    assertThat(steps.stream().filter(step -> step.get("groups").asInt() > 0))
        .isNotEmpty()
        .allMatch(step -> step.get("gradNorm").asDouble() > 0);
    JsonNode summary = summary(run);
    assertThat(summary.get("groupsFiltered").asInt()).isPositive();
    assertThat(summary.get("groupsTrained").asInt() + summary.get("groupsFiltered").asInt())
        .isEqualTo(16);
    Replay.Range all = new Replay.Range(OptionalLong.empty(), OptionalLong.empty());
    assertThat(Replay.of(run, all, source -> LanguageModel.load(Path.of(source)), _ -> {}))
        .isEqualTo(new Replay.Verdict.Same(9, parts(run)));
  }

  private static int parts(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("start"))) {
      return (int) files.filter(file -> file.toString().endsWith(".safetensors")).count();
    }
  }
}
