package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Scope;
import dev.burnish.launch.Resources;
import dev.burnish.mesh.JobOptions;
import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.Reduce;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.TokenVersions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The guarantees of a run's steps, and the concurrent use of one run by several threads.
@Timeout(120)
class RunStepsTest {
  record Settings(long seed) {}

  @TempDir private Path folder;

  private Run<Settings> start(String... more) {
    List<String> args = new ArrayList<>(List.of("--runs", folder.toString()));
    args.addAll(List.of(more));
    return Run.start("steps", new Settings(1), args.toArray(String[]::new));
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    return Files.readAllLines(file).stream().map(JsonMapper.shared()::readTree).toList();
  }

  private static JsonNode summary(Run<?> run) throws IOException {
    return JsonMapper.shared().readTree(Files.readString(run.folder().resolve("summary.json")));
  }

  private static List<ScoredGroup> group(String text) {
    Completion completion =
        new Completion(
            new int[] {2}, new float[] {-1}, TokenVersions.of(0, 1), text, FinishReason.STOP);
    Group group = new Group(new int[] {1}, List.of(completion));
    return List.of(
        ScoredGroup.of(new Problem("q", "t", 0), group, new double[] {1}, new double[] {0}));
  }

  @Test
  void askingForTheNextStepTwiceChangesNothing() throws IOException {
    Run<Settings> run = start();
    try (run) {
      Iterator<Long> steps = run.steps(2).iterator();
      assertThat(steps.hasNext()).isTrue();
      assertThat(steps.next()).isEqualTo(1);
      run.record("x", 1);
      assertThat(steps.hasNext()).isTrue();
      assertThat(steps.hasNext()).isTrue();
      assertThat(lines(run.folder().resolve("metrics.jsonl"))).hasSize(1);
      assertThat(steps.next()).isEqualTo(2);
      run.record("x", 2);
      assertThat(steps.hasNext()).isFalse();
      assertThat(steps.hasNext()).isFalse();
    }
    assertThat(lines(run.folder().resolve("metrics.jsonl")))
        .extracting(line -> line.get("x").asInt())
        .containsExactly(1, 2);
    assertThat(summary(run).get("status").asString()).isEqualTo("finished");
  }

  @Test
  void aLoopThatIsLeftAfterFinishHasItsLastStep() throws IOException {
    Run<Settings> run = start();
    try (run) {
      for (long step : run.steps(9)) {
        run.record("x", step);
        if (step == 3) {
          run.finish();
          break;
        }
      }
    }
    assertThat(lines(run.folder().resolve("metrics.jsonl"))).hasSize(3);
    assertThat(summary(run).get("status").asString()).isEqualTo("finished");
    assertThat(summary(run).get("steps").asInt()).isEqualTo(3);
  }

  @Test
  void aLoopThatIsLeftInAStepHasFailed() throws IOException {
    Run<Settings> run = start();
    assertThatThrownBy(
            () -> {
              try (run) {
                for (long step : run.steps(9)) {
                  run.record("x", step);
                  if (step == 3) {
                    throw new IllegalArgumentException("x=3");
                  }
                }
              }
            })
        .hasMessage("x=3");
    assertThat(lines(run.folder().resolve("metrics.jsonl"))).hasSize(2);
    assertThat(summary(run).get("status").asString()).isEqualTo("failed");
  }

  @Test
  void aReportRecordsItselfHereAndInTheSummary() throws IOException {
    Run<Settings> run = start();
    Recordable report =
        to -> {
          to.record("a", 1, Reduce.LAST);
          to.time("b", 2, Reduce.LAST);
          to.summarize("c", 3);
        };
    try (run) {
      for (long _ : run.steps(1)) {
        run.record(report);
      }
    }
    JsonNode line = lines(run.folder().resolve("metrics.jsonl")).getFirst();
    assertThat(line.get("a").asDouble()).isEqualTo(1);
    assertThat(line.at("/times/b").asDouble()).isEqualTo(2);
    assertThat(summary(run).get("c").asDouble()).isEqualTo(3);
  }

  /// As an asynchronous loop does: rollouts of several threads are at most three steps ahead of the
  /// training loop, which waits for those of its step; whatever their timing, each step has the
  /// numbers and samples that were made for it.
  @Test
  void rolloutsOfManyThreadsAndTrainingShareARun() throws IOException {
    int numSteps = 30;
    int numThreads = 4;
    Run<Settings> run = start();
    List<CountDownLatch> rolledOut =
        IntStream.rangeClosed(0, numSteps).mapToObj(_ -> new CountDownLatch(numThreads)).toList();
    try (run;
        Scope scope = Scope.open()) {
      List<LinkedBlockingQueue<Long>> slots =
          IntStream.range(0, numThreads).mapToObj(_ -> new LinkedBlockingQueue<Long>()).toList();
      for (int thread = 0; thread < numThreads; thread++) {
        int rank = thread;
        slots.get(rank).addAll(List.of(1L, 2L, 3L));
        scope.fork(
            "rollout-" + rank,
            () -> {
              for (long step = slots.get(rank).take(); step > 0; step = slots.get(rank).take()) {
                run.at(step).record("sum", step * (rank + 1), Reduce.SUM);
                run.at(step).record("highest", rank, Reduce.MAX);
                run.at(step).time("rolloutSeconds", 0.5);
                run.at(step).samples(group(step + "/" + rank));
                run.summary("last" + rank, step);
                run.say("rollout " + step + " of " + rank);
                run.checkpoint();
                rolledOut.get((int) step).countDown();
              }
            });
      }
      for (long step : run.steps(numSteps)) {
        await(rolledOut.get((int) step));
        run.record("loss", step);
        slots.forEach(slot -> slot.add(step + 3 <= numSteps ? step + 3 : 0));
      }
      scope.join();
    }
    List<JsonNode> metrics = lines(run.folder().resolve("metrics.jsonl"));
    assertThat(metrics).hasSize(numSteps);
    for (JsonNode line : metrics) {
      int step = line.get("step").asInt();
      assertThat(line.get("sum").asInt()).isEqualTo(10 * step);
      assertThat(line.get("highest").asInt()).isEqualTo(numThreads - 1);
      assertThat(line.get("loss").asInt()).isEqualTo(step);
    }
    List<JsonNode> samples = lines(run.folder().resolve("samples.jsonl"));
    assertThat(samples).hasSize(numSteps * numThreads);
    assertThat(samples).extracting(line -> line.get("step").asInt()).isSorted();
    assertThat(samples)
        .allMatch(
            line -> line.get("completion").asString().startsWith(line.get("step").asInt() + "/"));
    assertThat(summary(run).get("last0").asInt()).isEqualTo(numSteps);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void refusesNumbersOfAStepThatIsWritten() {
    try (Run<Settings> run = start()) {
      for (long step : run.steps(2)) {
        if (step == 2) {
          assertThatThrownBy(() -> run.at(1).record("late", 1))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageContaining("step=1, written=1");
        }
      }
    }
  }

  @Test
  void actorsAndMeshesOfARunEndWithIt() {
    Count counter;
    try (Run<Settings> run = start()) {
      JobOptions threads = JobOptions.named("run").with(JobOptions.Processes.THREADS);
      run.job(threads);
      counter = run.actor("counter", Count.class, Counter::new, 10);
      assertThat(counter.add(2)).isEqualTo(12);
      var mesh =
          run.procs("counters", 3, Resources.light()).spawn("c", Count.class, Counter::new, 1);
      assertThat(mesh.gather(c -> c.add(1))).containsExactly(2, 2, 2);
      assertThat(run.replicas("local", Count.class, () -> new Counter(5), 0).add(1)).isEqualTo(6);
      assertThat(run.replicas("far", Count.class, Nine::new, 2).add(1)).isEqualTo(10);
      assertThatThrownBy(() -> run.job(threads))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("job=run");
    }
    assertThatThrownBy(() -> counter.add(1)).isInstanceOf(RuntimeException.class);
  }

  static final class Nine implements Count {
    @Override
    public int add(int n) {
      return 9 + n;
    }
  }

  /// Counts in a process of its own.
  interface Count {
    int add(int n);
  }

  static final class Counter implements Count {
    private int value;

    Counter(int value) {
      this.value = value;
    }

    @Override
    public int add(int n) {
      value += n;
      return value;
    }
  }
}
