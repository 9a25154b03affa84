package dev.burnish.metrics;

import java.util.Collections;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/// The numbers of one step.
///
/// @param step counted from 1
/// @param values those that the seed determines, by key in alphabetical order
/// @param times those that depend on the machine and the moment: durations, rates, memory
public record StepMetrics(
    long step, SortedMap<String, Double> values, SortedMap<String, Double> times) {
  /// Copies both maps.
  public StepMetrics {
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    times = Collections.unmodifiableSortedMap(new TreeMap<>(times));
  }

  /// The number under a key, be it a value or a time.
  public OptionalDouble get(String key) {
    Double value = values.getOrDefault(key, times.get(key));
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }
}
