package dev.burnish.rl.loop;

import dev.burnish.metrics.Reduce;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.rl.replay.Batch;
import dev.burnish.rollout.ScoredGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A training loop without a trainer: it writes down what it would train on.
final class FakeRun implements RunRecorder {
  final List<String> lines = new ArrayList<>();
  final Map<String, Double> times = new TreeMap<>();
  private final StringBuilder line = new StringBuilder();

  /// Digests that depend on everything that was trained on, as those of weights do.
  List<Long> digests(long version) {
    return List.of(version, (long) String.join("\n", lines.subList(0, (int) version)).hashCode());
  }

  /// Trains the steps `[from, to)`.
  void train(Rollouts rollouts, long from, long to) throws InterruptedException {
    for (long version = from; version < to; version++) {
      step(rollouts, version);
    }
  }

  void step(Rollouts rollouts, long version) throws InterruptedException {
    Batch<ScoredGroup> batch = rollouts.take(version);
    line.setLength(0);
    line.append(batch.positions());
    batch.groups().forEach(group -> line.append(Groups.text(group)));
    while (lines.size() > version) {
      lines.removeLast();
    }
    lines.add(line.toString());
    String trained = line.toString();
    line.setLength(0);
    rollouts.published(version + 1, digests(version + 1)).orElseThrow().recordTo(this);
    lines.set(lines.size() - 1, trained);
    metrics.add(line.toString());
  }

  final List<String> metrics = new ArrayList<>();

  @Override
  public void record(String key, double value, Reduce reduce) {
    line.append(' ').append(key).append('=').append(value);
  }

  @Override
  public void time(String key, double value, Reduce reduce) {
    times.put(key, value);
  }

  @Override
  public void summarize(String key, double value) {
    line.append(' ').append(key).append(':').append(value);
  }

  @Override
  public void computed(double flops, double seconds) {}

  @Override
  public void say(String text) {}
}
