package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.ChildJvm;
import dev.burnish.testing.TinyRun;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Runs in processes of their own that are killed at random points, also during a save, and
/// resumed: they end with the bits of an undisturbed run.
///
/// `-Dburnish.kills=200 -Dburnish.killSeed=7` kills more often.
class KilledRunTest {
  private static final int KILLS = Integer.getInteger("burnish.kills", 8);
  private static final long SEED = Long.getLong("burnish.killSeed", 1);
  private static final int KILLED = 137;

  @TempDir private Path folder;

  @SuppressWarnings("ArrayRecordComponent") // compared by AssertJ, component by component
  private record Result(List<String> metrics, byte[] weights) {}

  /// @param points that the process reached
  private record Life(boolean killed, int points, String output) {}

  @Test
  void endsInTheSameBitsWhereverItIsKilled() throws Exception {
    Path calm = Files.createDirectory(folder.resolve("calm"));
    Life undisturbed = live(calm, 0, 0);
    assertThat(undisturbed.killed()).as(undisturbed.output()).isFalse();
    Result expected = result(runOf(calm).orElseThrow());
    assertThat(expected.metrics()).hasSize(14);
    assertThat(undisturbed.points()).isGreaterThan(150);

    SplittableRandom random = new SplittableRandom(SEED);
    int kills = 0;
    for (int attempt = 0; kills < KILLS; attempt++) {
      Path runs = Files.createDirectory(folder.resolve("runs-" + attempt));
      List<Integer> at = new ArrayList<>();
      Life life;
      do {
        int range = undisturbed.points() / (random.nextInt(3) == 0 ? 1 : 4);
        int point = random.nextInt(1, range + 1);
        boolean halts = random.nextBoolean();
        life = live(runs, halts ? point : 0, halts ? 0 : point);
        at.add(point);
        kills += life.killed() ? 1 : 0;
      } while (life.killed());
      String where = "seed=%d attempt=%d points=%s: %s".formatted(SEED, attempt, at, life.output());
      Result result = result(runOf(runs).orElseThrow(() -> new AssertionError(where)));
      assertThat(result.metrics()).as(where).isEqualTo(expected.metrics());
      assertThat(result.weights()).as(where).isEqualTo(expected.weights());
    }
    System.out.println("killed " + kills + " processes, seed=" + SEED);
  }

  /// Starts or resumes the run, until it ends or is killed.
  ///
  /// @param haltAt the point at which it ends itself, 0 for none
  /// @param killAt the point after which this process kills it, wherever it is by then
  private static Life live(Path runs, int haltAt, int killAt) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(Integer.toString(haltAt)));
    arguments.addAll(List.of("--runs", runs.toString()));
    runOf(runs).ifPresent(run -> arguments.addAll(List.of("--resume", run.toString())));
    Process process = ChildJvm.start(TinyRun.class, arguments);
    int points = 0;
    StringBuilder output = new StringBuilder();
    try (BufferedReader reader = process.inputReader()) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith("reached ")) {
          points++;
          if (points == killAt) {
            process.toHandle().destroyForcibly();
          }
        } else {
          output.append(line).append('\n');
        }
      }
    }
    int status = process.waitFor();
    assertThat(status).as(output.toString()).isIn(0, KILLED);
    return new Life(status == KILLED, points, output.toString());
  }

  /// The run to resume: one that got as far as its configuration.
  private static Optional<Path> runOf(Path runs) throws IOException {
    try (Stream<Path> entries = Files.list(runs)) {
      return entries.filter(run -> Files.exists(run.resolve("config.yaml"))).findFirst();
    }
  }

  private static Result result(Path run) throws IOException {
    List<String> metrics = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(line);
      json.remove("times");
      metrics.add(json.toString());
    }
    return new Result(metrics, Files.readAllBytes(run.resolve("model/model.safetensors")));
  }
}
