package dev.burnish.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// Collects numbers from any thread and writes their reduction once a step.
///
/// A number that the seed does not determine (a duration, a rate, memory) is recorded with
/// [#time(String, double, Reduce)] and kept apart, so that two runs of one seed can be compared.
/// Threading: safe for all threads. The values of a step are held until it is flushed.
public final class Metrics implements AutoCloseable {
  private final List<MetricSink> sinks;
  private SortedMap<String, Values> values = new TreeMap<>();
  private SortedMap<String, Values> times = new TreeMap<>();

  /// Owns the sinks: closes them with itself.
  public Metrics(MetricSink... sinks) {
    this.sinks = List.of(sinks);
  }

  /// Records a value to be averaged over the step.
  public void record(String key, double value) {
    record(key, value, Reduce.MEAN);
  }

  /// Records a value that the seed determines.
  ///
  /// @throws IllegalArgumentException if the key has another reduction in this step
  public synchronized void record(String key, double value, Reduce reduce) {
    add(values, key, value, reduce);
  }

  /// Records a value that depends on the machine and the moment.
  ///
  /// @throws IllegalArgumentException if the key has another reduction in this step
  public synchronized void time(String key, double value, Reduce reduce) {
    add(times, key, value, reduce);
  }

  /// Reduces what was recorded since the last flush, writes it to every sink, and starts anew.
  public synchronized StepMetrics flush(long step) {
    StepMetrics metrics = new StepMetrics(step, reduce(values), reduce(times));
    values = new TreeMap<>();
    times = new TreeMap<>();
    sinks.forEach(sink -> sink.write(metrics));
    return metrics;
  }

  /// Closes every sink, then throws the first failure among them.
  @Override
  public synchronized void close() {
    RuntimeException failure = null;
    for (MetricSink sink : sinks) {
      try {
        sink.close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static void add(
      SortedMap<String, Values> recorded, String key, double value, Reduce reduce) {
    Values present = recorded.computeIfAbsent(key, k -> new Values(reduce));
    if (present.reduce != reduce) {
      throw new IllegalArgumentException(
          "a key has one reduction: key=%s, reduce=%s, before=%s; record both under two keys"
              .formatted(key, reduce, present.reduce));
    }
    present.add(value);
  }

  private static SortedMap<String, Double> reduce(SortedMap<String, Values> recorded) {
    SortedMap<String, Double> reduced = new TreeMap<>();
    recorded.forEach((key, v) -> reduced.put(key, v.reduce.apply(v.toArray())));
    return reduced;
  }

  private static final class Values {
    private final Reduce reduce;
    private double[] array = new double[4];
    private int size;

    Values(Reduce reduce) {
      this.reduce = reduce;
    }

    void add(double value) {
      if (size == array.length) {
        array = Arrays.copyOf(array, 2 * size);
      }
      array[size++] = value;
    }

    double[] toArray() {
      return Arrays.copyOf(array, size);
    }
  }
}
