package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.testing.ChildJvm;
import dev.burnish.testing.LoopKiller;
import dev.burnish.testing.LoopKiller.Kill;
import dev.burnish.testing.LoopProgram;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Loops of rollouts and training in processes that are killed and stopped: they end with the
/// numbers and the weights of a loop in the threads of one process.
///
/// `-Dburnish.kills=20` kills every process of 20 runs instead of 3.
@Timeout(value = 4, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class KilledLoopTest {
  private static final int SEEDS = Integer.getInteger("burnish.kills", 3);
  private static final int STEPS = 6;
  private static final int KILLED = 137;

  private static final Map<Integer, Result> EXPECTED = new ConcurrentHashMap<>();

  @TempDir private Path folder;

  @SuppressWarnings("ArrayRecordComponent") // compared by AssertJ, component by component
  private record Result(List<String> metrics, byte[] weights) {}

  private static List<String> arguments(Path runs, int lag, String processes) {
    List<String> arguments = new ArrayList<>(List.of("--runs", runs.toString()));
    for (String setting :
        List.of(
            "rewardReplicas=1",
            "checkpoints.every=2",
            "steps=" + STEPS,
            "maxStaleness=" + lag,
            "processes=" + processes)) {
      arguments.addAll(List.of("--set", setting));
    }
    return arguments;
  }

  /// The result of a lag, of one run for all tests.
  private Result inThreads(int lag) {
    return EXPECTED.computeIfAbsent(lag, this::runInThreads);
  }

  private Result runInThreads(int lag) {
    Path runs = folder.resolve("threads-" + lag);
    LoopProgram.main(arguments(runs, lag, "THREADS").toArray(String[]::new));
    return result(runs);
  }

  private Result inProcesses(int lag, List<Kill> kills) throws Exception {
    Path runs = folder.resolve("processes-" + lag);
    LoopKiller killer = new LoopKiller("run-" + ProcessHandle.current().pid(), kills);
    try (FaultPoint.Installed _ = FaultPoint.install(killer::reached)) {
      LoopProgram.main(arguments(runs, lag, "JVMS").toArray(String[]::new));
    } finally {
      killer.close();
    }
    assertThat(killer.done()).as("kills before the run had ended").isEqualTo(kills.size());
    return result(runs);
  }

  private static Result result(Path runs) {
    try {
      return read(runs);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Result read(Path runs) throws IOException {
    Path run = runOf(runs).orElseThrow();
    List<String> metrics = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(line);
      json.remove("times");
      metrics.add(json.toString());
    }
    assertThat(metrics).hasSize(STEPS);
    return new Result(metrics, Files.readAllBytes(run.resolve("model/model.safetensors")));
  }

  private static Optional<Path> runOf(Path runs) throws IOException {
    try (Stream<Path> entries = Files.list(runs)) {
      return entries.filter(run -> Files.exists(run.resolve("config.yaml"))).findFirst();
    }
  }

  private static void assertSame(Result result, Result expected, String where) {
    assertThat(result.metrics()).as(where).isEqualTo(expected.metrics());
    assertThat(result.weights()).as(where).isEqualTo(expected.weights());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void theNumbersAreThoseOfOneProcess(int lag) throws Exception {
    assertSame(inProcesses(lag, List.of()), inThreads(lag), "maxStaleness=" + lag);
  }

  static Stream<Integer> seeds() {
    return IntStream.range(0, SEEDS).boxed();
  }

  /// Each role once, in some order, at some time after a step has begun.
  @ParameterizedTest
  @MethodSource("seeds")
  void theNumbersAreTheSameWhenEveryProcessIsKilled(int seed) throws Exception {
    Random random = new Random(seed);
    List<String> roles = new ArrayList<>(LoopKiller.ROLES);
    Collections.shuffle(roles, random);
    List<Kill> kills = new ArrayList<>();
    for (int i = 0; i < roles.size(); i++) {
      int millis = random.nextInt(random.nextBoolean() ? 30 : 200);
      kills.add(Kill.of(LoopKiller.STEP, 1 + i, roles.get(i)).after(millis));
    }
    int lag = seed % 3;
    assertSame(inProcesses(lag, kills), inThreads(lag), "seed=%d %s".formatted(seed, kills));
  }

  /// Weights and trainer together as a version is published, the generator as it takes one over,
  /// trainer and weights in the middle of a checkpoint.
  @Test
  void theNumbersAreTheSameWhenAVersionOrACheckpointIsHalfDone() throws Exception {
    List<Kill> kills =
        List.of(
            Kill.of("keeper.kept", 2, "weights", "trainer"),
            Kill.of("checkpoint.piece", 2, "trainer", "weights"),
            Kill.of("keeper.published", 4, "generator").after(5),
            Kill.of("checkpoint.section", 3, "buffer"));
    assertSame(inProcesses(1, kills), inThreads(1), kills.toString());
  }

  @Test
  void theNumbersAreTheSameWhenTheGeneratorIsStopped() throws Exception {
    List<Kill> kills = List.of(Kill.of(LoopKiller.STEP, 2, "generator").by("STOP").after(20));
    assertSame(inProcesses(1, kills), inThreads(1), kills.toString());
  }

  @Test
  void theNumbersAreTheSameWhenTheControllerIsKilledAndResumed() throws Exception {
    Random random = new Random(7);
    Path runs = Files.createDirectory(folder.resolve("killed"));
    assertThat(live(runs, 2 + random.nextInt(3), random.nextInt(200))).isEqualTo(KILLED);
    assertThat(live(runs, STEPS + 1, 0)).isZero();
    assertSame(result(runs), inThreads(1), runs.toString());
  }

  /// A controller in a process of its own, which is killed a while after a step was shown.
  private static int live(Path runs, int step, int millis) throws Exception {
    List<String> arguments =
        runOf(runs)
            .map(run -> List.of("--resume", run.toString()))
            .orElseGet(() -> arguments(runs, 1, "JVMS"));
    Process process = ChildJvm.start(LoopProgram.class, arguments);
    StringBuilder output = new StringBuilder();
    try (BufferedReader reader = process.inputReader()) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        output.append(line).append('\n');
        if (line.startsWith("step " + step + "/")) {
          Thread.sleep(millis); // the moment of the kill, not a wait for something
          process.toHandle().destroyForcibly();
        }
      }
    }
    int status = process.waitFor();
    assertThat(status).as(output.toString()).isIn(0, KILLED);
    return status;
  }
}
