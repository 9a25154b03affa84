package dev.burnish.bench.loop;

import dev.burnish.rl.loop.RolloutFunction;
import dev.burnish.rl.loop.Slot;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.tensor.KeyedRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/// The parts of a loop that wait instead of computing: a reward takes 2 s in the median and 30 s at
/// the 99th percentile, a generation and a step 200 ms, all divided by a factor. What each rollout
/// has waited is recorded.
final class WaitingParts implements RolloutFunction {
  static final int GENERATORS = 4;
  private static final double CALL_SECONDS = 0.2;
  private static final double MEDIAN_SECONDS = 2;
  private static final double SIGMA = Math.log(30 / MEDIAN_SECONDS) / 2.3263478740408408;

  private final double factor;
  private final Semaphore generators = new Semaphore(GENERATORS);
  private final Map<Long, Double> generated = new ConcurrentHashMap<>();
  private final Map<Long, Double> rewarded = new ConcurrentHashMap<>();

  /// @param factor by which all times are divided
  WaitingParts(double factor) {
    this.factor = factor;
  }

  @Override
  public ScoredGroup make(Slot slot) throws InterruptedException {
    generators.acquire();
    try {
      generated.put(slot.position(), sleep(CALL_SECONDS));
    } finally {
      generators.release();
    }
    double reward =
        MEDIAN_SECONDS
            * Math.exp(SIGMA * KeyedRandom.of(1, "latency", slot.position()).nextGaussian());
    rewarded.put(slot.position(), sleep(reward));
    return group(slot);
  }

  /// One step; returns its seconds.
  double train() throws InterruptedException {
    return sleep(CALL_SECONDS);
  }

  private double sleep(double seconds) throws InterruptedException {
    long begin = System.nanoTime();
    Thread.sleep(Duration.ofNanos((long) (seconds / factor * 1e9)));
    return (System.nanoTime() - begin) / 1e9;
  }

  /// Seconds that generators were busy with the groups before a position.
  double generated(long before) {
    return sum(generated, before);
  }

  /// Seconds that the groups before a position took from the begin of their generation.
  double made(long before) {
    return generated(before) + sum(rewarded, before);
  }

  /// Seconds that one group took from the begin of its generation.
  double madeAt(long position) {
    return generated.getOrDefault(position, 0.0) + rewarded.getOrDefault(position, 0.0);
  }

  private static double sum(Map<Long, Double> seconds, long before) {
    return seconds.entrySet().stream()
        .filter(each -> each.getKey() < before)
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  /// A group of one token.
  static ScoredGroup group(Slot slot) {
    Completion completion =
        new Completion(
            new int[] {1},
            new float[1],
            TokenVersions.of(slot.versions().least(), 1),
            "",
            FinishReason.STOP);
    return ScoredGroup.of(
        new Problem("", "", slot.position()),
        new Group(new int[] {1}, List.of(completion)),
        new double[1],
        new double[1]);
  }
}
