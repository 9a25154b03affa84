package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.testing.ChildJvm;
import dev.burnish.testing.LoopKiller;
import dev.burnish.testing.LoopKiller.Kill;
import dev.burnish.testing.LoopProgram;
import dev.burnish.testing.LoopProgram.Algorithm;
import dev.burnish.testing.LoopResult;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
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
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Loops of rollouts and training in processes that are killed and stopped: they end with the
/// numbers and the weights of a loop in the threads of one process.
///
/// `-Dburnish.kills=20` kills every process of 20 runs instead of 3.
@Timeout(value = 4, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class KilledLoopTest {
  private static final int SEEDS = Integer.getInteger("burnish.kills", 3);
  private static final int KILLED = 137;

  private static final Map<Program, LoopResult> EXPECTED = new ConcurrentHashMap<>();

  @TempDir private Path folder;

  record Program(Algorithm algorithm, int lag) {
    static Program grpo(int lag) {
      return new Program(Algorithm.GRPO, lag);
    }

    static Program ppo(int lag) {
      return new Program(Algorithm.PPO, lag);
    }

    List<String> roles() {
      List<String> roles = new ArrayList<>(LoopKiller.ROLES);
      if (algorithm == Algorithm.PPO) {
        roles.add("critic");
      }
      return roles;
    }

    /// One after the last that has a process of its own killed in it.
    int steps() {
      return roles().size() + 1;
    }
  }

  private static List<String> arguments(Path runs, Program program, String processes) {
    List<String> arguments = new ArrayList<>(List.of("--runs", runs.toString()));
    for (String setting :
        List.of(
            "rewardReplicas=1",
            "checkpoints.every=2",
            "steps=" + program.steps(),
            "algorithm=" + program.algorithm(),
            "maxStaleness=" + program.lag(),
            "processes=" + processes)) {
      arguments.addAll(List.of("--set", setting));
    }
    return arguments;
  }

  /// The result of a program, of one run for all tests.
  private LoopResult inThreads(Program program) {
    return EXPECTED.computeIfAbsent(program, this::runInThreads);
  }

  private LoopResult runInThreads(Program program) {
    Path runs = folder.resolve("threads");
    LoopProgram.main(arguments(runs, program, "THREADS").toArray(String[]::new));
    return result(runs, program);
  }

  private LoopResult inProcesses(Program program, List<Kill> kills) throws Exception {
    Path runs = folder.resolve("processes");
    LoopKiller killer = new LoopKiller("run-" + ProcessHandle.current().pid(), kills);
    try (FaultPoint.Installed _ = FaultPoint.install(killer::reached)) {
      LoopProgram.main(arguments(runs, program, "JVMS").toArray(String[]::new));
    } finally {
      killer.close();
    }
    assertThat(killer.done()).as("kills before the run had ended").isEqualTo(kills.size());
    return result(runs, program);
  }

  private static LoopResult result(Path runs, Program program) {
    try {
      return LoopResult.of(runs, program.steps());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void assertSame(LoopResult result, LoopResult expected, String where) {
    result.requireSame(expected, where);
  }

  static Stream<Program> programs() {
    return Stream.of(
        Program.grpo(0), Program.grpo(1), Program.grpo(2), Program.ppo(0), Program.ppo(1));
  }

  @ParameterizedTest
  @MethodSource("programs")
  void theNumbersAreThoseOfOneProcess(Program program) throws Exception {
    assertSame(inProcesses(program, List.of()), inThreads(program), program.toString());
  }

  static Stream<Arguments> seeds() {
    return IntStream.range(0, SEEDS)
        .boxed()
        .flatMap(seed ->
            Stream.of(
                Arguments.of(Program.grpo(seed % 3), seed),
                Arguments.of(Program.ppo(seed % 2), seed)));
  }

  /// Each role once, in some order, at some time after a step has begun.
  @ParameterizedTest
  @MethodSource("seeds")
  void theNumbersAreTheSameWhenEveryProcessIsKilled(Program program, int seed) throws Exception {
    Random random = new Random(seed);
    List<String> roles = program.roles();
    Collections.shuffle(roles, random);
    List<Kill> kills = new ArrayList<>();
    for (int i = 0; i < roles.size(); i++) {
      int millis = random.nextInt(random.nextBoolean() ? 30 : 200);
      kills.add(Kill.of(LoopKiller.STEP, 1 + i, roles.get(i)).after(millis));
    }
    assertSame(
        inProcesses(program, kills),
        inThreads(program),
        "%s seed=%d %s".formatted(program, seed, kills));
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
    Program program = Program.grpo(1);
    assertSame(inProcesses(program, kills), inThreads(program), kills.toString());
  }

  /// As it is given a step, while it may be at work, and with the policy's trainer in the middle of
  /// a checkpoint and between the updates of both.
  @Test
  void theNumbersAreTheSameWhenTheCriticIsKilledInItsSteps() throws Exception {
    List<Kill> kills =
        List.of(
            Kill.of("critic.step", 2, "critic"),
            Kill.of("critic.step", 7, "critic").after(2),
            Kill.of("checkpoint.piece", 2, "critic", "trainer"),
            Kill.of("trainer.step", 20, "critic", "trainer"));
    Program program = Program.ppo(0);
    assertSame(inProcesses(program, kills), inThreads(program), kills.toString());
  }

  @Test
  void theNumbersAreTheSameWhenTheGeneratorIsStopped() throws Exception {
    List<Kill> kills = List.of(Kill.of(LoopKiller.STEP, 2, "generator").by("STOP").after(20));
    Program program = Program.grpo(1);
    assertSame(inProcesses(program, kills), inThreads(program), kills.toString());
  }

  @ParameterizedTest
  @EnumSource
  void theNumbersAreTheSameWhenTheControllerIsKilledAndResumed(Algorithm algorithm)
      throws Exception {
    Random random = new Random(7);
    Program program = new Program(algorithm, 1);
    Path runs = Files.createDirectory(folder.resolve("killed"));
    assertThat(live(runs, program, 2 + random.nextInt(3), random.nextInt(200))).isEqualTo(KILLED);
    assertThat(live(runs, program, program.steps() + 1, 0)).isZero();
    assertSame(result(runs, program), inThreads(program), runs.toString());
  }

  /// A controller in a process of its own, which is killed a while after a step was shown.
  private static int live(Path runs, Program program, int step, int millis) throws Exception {
    List<String> arguments =
        LoopResult.runOf(runs)
            .map(run -> List.of("--resume", run.toString()))
            .orElseGet(() -> arguments(runs, program, "JVMS"));
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
