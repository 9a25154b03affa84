package dev.burnish.data;

import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.tensor.KeyedRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// A data set in memory.
///
/// @param skipped rows that could not be read
/// @param problems the first of them: place and reason
public record Dataset<T>(List<T> rows, long skipped, List<String> problems) implements Recordable {
  public Dataset {
    rows = List.copyOf(rows);
    problems = List.copyOf(problems);
  }

  /// Records how many rows were left out, and why the first of them were.
  @Override
  public void recordTo(RunRecorder run) {
    if (skipped > 0) {
      run.say("left out %d of %d rows:".formatted(skipped, skipped + size()));
      problems.forEach(run::say);
    }
    run.summarize("skippedRows", skipped);
  }

  public int size() {
    return rows.size();
  }

  /// The rows of a step, a function of seed and step alone: each epoch has all rows once, in its
  /// own order.
  ///
  /// @param step counted from 1
  public List<T> batch(long seed, long step, int count) {
    return batch(rows, seed, step, count);
  }

  private static <T> List<T> batch(List<T> rows, long seed, long step, int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "a step must learn from rows: batch=%d; give 1 or more".formatted(count));
    }
    return LongStream.range((step - 1) * count, step * count)
        .mapToObj(position -> row(rows, seed, position))
        .toList();
  }

  /// The row at a position of the endless series of epochs, of which a step takes the next ones.
  ///
  /// @param position counted from 0
  public T row(long seed, long position) {
    return row(rows, seed, position);
  }

  private static <T> T row(List<T> rows, long seed, long position) {
    long epoch = position / rows.size();
    var order = new KeyedPermutation(rows.size(), KeyedRandom.bits(seed, "epoch", epoch));
    return rows.get((int) order.apply(position % rows.size()));
  }

  /// Two parts that depend on the seed and on each row's number alone. A fraction above 0 is at
  /// least one row.
  public Split<T> split(double heldOutFraction, long seed) {
    return split(heldOutFraction, seed, IntStream.range(0, size()).asLongStream().toArray());
  }

  /// Two parts that depend on the seed and on each row's key alone: rows of one key, such as equal
  /// ones, are on one side, and a row stays where it is when others come or go, except for those at
  /// the border.
  public Split<T> split(double heldOutFraction, long seed, ToLongFunction<T> key) {
    return split(heldOutFraction, seed, rows.stream().mapToLong(key).toArray());
  }

  private Split<T> split(double heldOutFraction, long seed, long... keys) {
    if (!(heldOutFraction >= 0 && heldOutFraction < 1)) {
      throw new IllegalArgumentException(
          "a held-out fraction must lie in [0, 1): heldOutFraction=" + heldOutFraction);
    }
    long[] draws =
        LongStream.of(keys).map(key -> KeyedRandom.bits(seed, "held-out", key)).toArray();
    int least = heldOutFraction > 0 ? 1 : 0;
    int numHeldOut = Math.max(least, (int) Math.round(heldOutFraction * size()));
    long border = numHeldOut == 0 ? 0 : LongStream.of(draws).sorted().toArray()[numHeldOut - 1];
    List<T> training = new ArrayList<>();
    List<T> heldOut = new ArrayList<>();
    for (int i = 0; i < size(); i++) {
      (numHeldOut > 0 && draws[i] <= border ? heldOut : training).add(rows.get(i));
    }
    return new Split<>(training, heldOut);
  }

  /// Rows to learn on and rows to measure with.
  public record Split<T>(List<T> training, List<T> heldOut) {
    public Split {
      training = List.copyOf(training);
      heldOut = List.copyOf(heldOut);
      if (training.isEmpty()) {
        throw new IllegalArgumentException(
            "a split leaves rows to learn on: training=0 heldOut=%d; lower the held-out fraction"
                .formatted(heldOut.size()));
      }
    }

    /// The rows of a step to learn on, as [Dataset#batch] has them.
    public List<T> batch(long seed, long step, int count) {
      return Dataset.batch(training, seed, step, count);
    }
  }
}
