package dev.burnish.run;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.Recorder;
import dev.burnish.metrics.Reduce;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.rollout.ScoredGroup;
import java.util.List;
import java.util.function.Consumer;

/// Takes numbers and episodes of one step. Threading: safe for all threads.
public final class StepRecorder implements RunRecorder {
  /// The parts that belong to the run as a whole.
  ///
  /// @param summary of the run
  /// @param machine the speed that its arithmetic is measured against
  /// @param progress shows messages to the run's user
  public record Whole(RunSummary summary, MachineMetrics machine, LiveProgress progress) {}

  private final Recorder numbers;
  private final Consumer<List<ScoredGroup>> samples;
  private final Whole run;

  /// @param numbers takes the numbers of the step
  /// @param samples takes its episodes
  public StepRecorder(Recorder numbers, Consumer<List<ScoredGroup>> samples, Whole run) {
    this.numbers = numbers;
    this.samples = samples;
    this.run = run;
  }

  /// Records a number that the seed determines.
  public void record(String key, double value) {
    record(key, value, LAST);
  }

  /// Records a number that depends on the machine.
  public void time(String key, double value) {
    time(key, value, LAST);
  }

  /// Records all numbers of a report.
  public void record(Recordable report) {
    report.recordTo(this);
  }

  /// Writes episodes to `samples.jsonl`.
  public void samples(List<ScoredGroup> groups) {
    samples.accept(groups);
  }

  @Override
  public void record(String key, double value, Reduce reduce) {
    numbers.record(key, value, reduce);
  }

  @Override
  public void time(String key, double value, Reduce reduce) {
    numbers.time(key, value, reduce);
  }

  @Override
  public void summarize(String key, double value) {
    run.summary().put(key, value);
  }

  @Override
  public void computed(double flops, double seconds) {
    run.machine().computed(flops, seconds);
  }

  @Override
  public void say(String text) {
    run.progress().message(text);
  }
}
