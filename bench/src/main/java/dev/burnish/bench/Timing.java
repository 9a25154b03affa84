package dev.burnish.bench;

import java.util.ArrayList;
import java.util.List;

/// Times of repeated work.
public final class Timing {
  private Timing() {}

  /// Seconds of each of `runs` repetitions, after some that are not counted.
  static List<Double> seconds(int warmups, int runs, Runnable work) {
    for (int i = 0; i < warmups; i++) {
      work.run();
    }
    List<Double> seconds = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      long start = System.nanoTime();
      work.run();
      seconds.add((System.nanoTime() - start) / 1e9);
    }
    return seconds;
  }

  /// Work over time, for each time.
  static List<Double> rates(double work, List<Double> seconds) {
    return seconds.stream().map(s -> work / s).toList();
  }
}
