package dev.burnish.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// Collects numbers from any thread and writes their reduction once per step.
///
/// A number that the seed does not determine (a duration, a rate, memory) is recorded with
/// [#time(String, double, Reduce)] and kept apart, so that two runs of one seed can be compared. A
/// number belongs to the step that is flushed next, or to the one that [#at] names: threads that
/// work for a later step record early.
///
/// Threading: safe for all threads. The values of a step are held until it is flushed.
public final class Metrics implements Recorder, AutoCloseable {
  private final List<MetricSink> sinks;
  private final SortedMap<Long, Numbers> ahead = new TreeMap<>();
  private Numbers next = new Numbers();
  private long flushed;

  /// Owns the sinks: closes them with itself.
  public Metrics(MetricSink... sinks) {
    this.sinks = List.of(sinks);
  }

  /// Records a value to be averaged over the step.
  public void record(String key, double value) {
    record(key, value, Reduce.MEAN);
  }

  @Override
  public synchronized void record(String key, double value, Reduce reduce) {
    next.values.add(key, value, reduce);
  }

  @Override
  public synchronized void time(String key, double value, Reduce reduce) {
    next.times.add(key, value, reduce);
  }

  /// Takes numbers of one step until that is flushed. Where a key is recorded for a step both ways,
  /// those of this recorder come last.
  ///
  /// @param step counted from 1
  public Recorder at(long step) {
    return new Recorder() {
      @Override
      public void record(String key, double value, Reduce reduce) {
        synchronized (Metrics.this) {
          of(step).values.add(key, value, reduce);
        }
      }

      @Override
      public void time(String key, double value, Reduce reduce) {
        synchronized (Metrics.this) {
          of(step).times.add(key, value, reduce);
        }
      }
    };
  }

  /// @throws IllegalArgumentException if the step was flushed
  private Numbers of(long step) {
    if (step <= flushed) {
      throw new IllegalArgumentException(
          "a number must be recorded before its step is written: step=%d, written=%d; record it with a later step"
              .formatted(step, flushed));
    }
    return ahead.computeIfAbsent(step, _ -> new Numbers());
  }

  /// Reduces the values recorded for a step, which are those recorded since the last flush and
  /// [#at] it, and writes the result to every sink.
  public synchronized StepMetrics flush(long step) {
    Numbers numbers = next;
    next = new Numbers();
    Numbers own = ahead.remove(step);
    if (own != null) {
      numbers.values.addAll(own.values);
      numbers.times.addAll(own.times);
    }
    flushed = Math.max(flushed, step);
    StepMetrics metrics = new StepMetrics(step, numbers.values.reduce(), numbers.times.reduce());
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

  /// The values recorded for one step.
  private static final class Numbers {
    private final Keyed values = new Keyed();
    private final Keyed times = new Keyed();
  }

  private static final class Keyed {
    private final SortedMap<String, Values> byKey = new TreeMap<>();

    void add(String key, double value, Reduce reduce) {
      of(key, reduce).add(value);
    }

    void addAll(Keyed later) {
      later.byKey.forEach((key, values) -> of(key, values.reduce).addAll(values));
    }

    private Values of(String key, Reduce reduce) {
      Values present = byKey.computeIfAbsent(key, _ -> new Values(reduce));
      if (present.reduce != reduce) {
        throw new IllegalArgumentException(
            "a key must have one reduction: key=%s, reduce=%s, before=%s; record both under two keys"
                .formatted(key, reduce, present.reduce));
      }
      return present;
    }

    SortedMap<String, Double> reduce() {
      SortedMap<String, Double> reduced = new TreeMap<>();
      byKey.forEach((key, v) -> reduced.put(key, v.reduce.apply(v.toArray())));
      return reduced;
    }
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

    void addAll(Values later) {
      for (double value : later.toArray()) {
        add(value);
      }
    }

    double[] toArray() {
      return Arrays.copyOf(array, size);
    }
  }
}
