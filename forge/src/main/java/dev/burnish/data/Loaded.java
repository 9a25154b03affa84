package dev.burnish.data;

import dev.burnish.tensor.KeyedRandom;
import java.util.ArrayList;
import java.util.List;

/// A data set in memory.
///
/// @param skipped rows that could not be read
/// @param problems the first of them: place and reason
public record Loaded<T>(List<T> rows, long skipped, List<String> problems) {
  public Loaded {
    rows = List.copyOf(rows);
    problems = List.copyOf(problems);
  }

  public int size() {
    return rows.size();
  }

  /// The rows of a step, a function of seed and step alone: each epoch all rows once, in an order
  /// of its own.
  ///
  /// @param step counted from 1
  public List<T> batch(long seed, long step, int count) {
    List<T> batch = new ArrayList<>(count);
    for (long i = (step - 1) * count; i < step * count; i++) {
      long epoch = i / size();
      var order = new KeyedPermutation(size(), KeyedRandom.bits(seed, "epoch", epoch));
      batch.add(rows.get((int) order.apply(i % size())));
    }
    return batch;
  }

  /// Two parts that depend on the seed and on each row's number alone.
  public Split<T> split(double heldOutFraction, long seed) {
    if (!(heldOutFraction >= 0 && heldOutFraction < 1)) {
      throw new IllegalArgumentException(
          "a held-out fraction lies in [0, 1): heldOutFraction=" + heldOutFraction);
    }
    int numHeldOut = (int) Math.round(heldOutFraction * size());
    var order = new KeyedPermutation(size(), KeyedRandom.bits(seed, "held-out", 0));
    List<T> training = new ArrayList<>();
    List<T> heldOut = new ArrayList<>();
    for (int i = 0; i < size(); i++) {
      (order.apply(i) < numHeldOut ? heldOut : training).add(rows.get(i));
    }
    return new Split<>(training, heldOut);
  }

  /// Rows to learn on and rows to measure with.
  public record Split<T>(List<T> training, List<T> heldOut) {
    public Split {
      training = List.copyOf(training);
      heldOut = List.copyOf(heldOut);
    }
  }
}
