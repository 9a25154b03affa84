package dev.burnish.observe;

import java.util.List;
import java.util.stream.DoubleStream;

/// A figure and its baseline.
///
/// @param value the median of the runs
/// @param baseline a floor (flops, bytes) or a rival measured in the same run, in the same unit
/// @param ratio value over baseline
/// @param runs every single run, in order
public record Measurement(
    String name,
    double value,
    String unit,
    double baseline,
    String baselineName,
    double ratio,
    List<Double> runs) {
  /// Copies the runs.
  public Measurement {
    runs = List.copyOf(runs);
  }

  /// The median of several runs together with a baseline.
  ///
  /// @throws IllegalArgumentException if there is no run
  public static Measurement of(
      String name, String unit, double baseline, String baselineName, List<Double> runs) {
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("a measurement needs a run: name=" + name + "; repeat it");
    }
    double value = median(runs);
    return new Measurement(name, value, unit, baseline, baselineName, value / baseline, runs);
  }

  /// The middle value, or the mean of the two.
  public static double median(List<Double> runs) {
    int middle = runs.size() / 2;
    DoubleStream sorted = runs.stream().mapToDouble(run -> run).sorted();
    return runs.size() % 2 == 1
        ? sorted.skip(middle).findFirst().orElseThrow()
        : sorted.skip(middle - 1L).limit(2).average().orElseThrow();
  }
}
