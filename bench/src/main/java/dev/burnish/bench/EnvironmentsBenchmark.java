package dev.burnish.bench;

import dev.burnish.concurrent.Scope;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.sandbox.CodeSandbox;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Language;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import dev.burnish.sandbox.SandboxSettings;
import dev.burnish.sandbox.SandboxSettings.Isolation;
import dev.burnish.sandbox.SandboxUnavailable;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// `environments`: executions of a small Python program in sandboxes that are made when they are
/// needed, and in ones that are ready, compared with a plain new process of Python without any
/// isolation.
public final class EnvironmentsBenchmark implements Benchmark {
  private static final Program PYTHON =
      Program.python("print(sum(map(int, input().split())))").withStdin("1 2 3\n");
  private static final Program SHELL =
      new Program(Language.SHELL, "read a b c; echo $((a + b + c))", "1 2 3\n");
  private static final List<Integer> PERCENTILES = List.of(50, 90, 99);

  /// Between two executions one after the other: a sandbox that is ready has been made by then.
  private static final long PAUSE_NANOS = 10_000_000;

  private static final int AT_ONCE = 4;

  @Override
  public String name() {
    return "environments";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    int runs = options.scale() == Scale.TINY ? 10 : 500;
    List<Double> shell = latencies(plain(), SHELL, runs);
    try {
      sandboxes(runs, shell, out);
    } catch (SandboxUnavailable e) {
      System.err.println("environments: " + e.getMessage());
      out.accept(latency("process/shell", 50, shell, "its p99", percentile(shell, 99)));
    }
  }

  private static void sandboxes(int runs, List<Double> shell, Consumer<Measurement> out) {
    List<Double> cold = latencies(sandbox(0), PYTHON, runs);
    List<Double> pooled = latencies(sandbox(2), PYTHON, runs);
    List<Double> plain = latencies(plain(), PYTHON, runs);
    for (int percent : PERCENTILES) {
      double floor = percentile(plain, percent);
      String name = "a new process of Python, p" + percent;
      double ofShell = percentile(shell, percent);
      out.accept(latency("process/python", percent, plain, "one of the shell", ofShell));
      out.accept(latency("sandbox/cold", percent, cold, name, floor));
      out.accept(latency("sandbox/pooled", percent, pooled, name, floor));
    }
    double floor = throughput(plain(), runs);
    double rate = throughput(sandbox(AT_ONCE), 2 * runs);
    String name = "new processes of Python, %d at once".formatted(AT_ONCE);
    out.accept(
        Measurement.of("environments/sandbox/rate", "executions/s", floor, name, List.of(rate)));
  }

  private static SandboxSettings plain() {
    return sandbox(0).withIsolation(Isolation.NONE);
  }

  private static SandboxSettings sandbox(int ready) {
    return SandboxSettings.defaults().withAtOnce(AT_ONCE).withReady(ready);
  }

  private static Measurement latency(
      String kind, int percent, List<Double> sorted, String baselineName, double baseline) {
    return Measurement.of(
        "environments/%s p%d".formatted(kind, percent),
        "ms",
        baseline,
        baselineName,
        List.of(percentile(sorted, percent)));
  }

  /// Milliseconds of executions one after the other, in order of length.
  private static List<Double> latencies(SandboxSettings settings, Program program, int runs) {
    try (CodeSandbox sandbox = CodeSandbox.open(settings)) {
      for (int i = 0; i < runs / 5; i++) {
        execute(sandbox, program);
      }
      return IntStream.range(0, runs)
          .mapToObj(_ -> milliseconds(sandbox, program))
          .sorted()
          .toList();
    }
  }

  private static double milliseconds(CodeSandbox sandbox, Program program) {
    LockSupport.parkNanos(PAUSE_NANOS);
    long begin = System.nanoTime();
    execute(sandbox, program);
    return (System.nanoTime() - begin) / 1e6;
  }

  private static double throughput(SandboxSettings settings, int runs) {
    try (CodeSandbox sandbox = CodeSandbox.open(settings)) {
      List<Integer> numbers = IntStream.range(0, runs).boxed().toList();
      Scope.map(numbers.subList(0, runs / 5), _ -> execute(sandbox, PYTHON));
      long begin = System.nanoTime();
      Scope.map(numbers, _ -> execute(sandbox, PYTHON));
      return runs / ((System.nanoTime() - begin) / 1e9);
    }
  }

  private static Execution execute(CodeSandbox sandbox, Program program) {
    Execution execution = sandbox.execute(program, Limits.defaults());
    if (!execution.stdout().equals("6\n")) {
      throw new IllegalStateException("a program must print its sum: " + execution);
    }
    return execution;
  }

  /// The time that so many percent of all are no longer than.
  private static double percentile(List<Double> sorted, int percent) {
    return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
  }
}
