package dev.burnish.engine.sampling;

import dev.burnish.kernel.LogitRow;
import dev.burnish.rollout.SamplingParams.Truncation;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// The tokens of one row that may be drawn, found without sorting the row.
///
/// Idea: probabilities are relative to the largest one, which is 1. The tokens of at least 1/256
/// are collected; where they are too few for the truncation, those of 1/65536, and so on. A cut
/// finds its last token by a quickselect that sums probabilities. Invariant: ids ascend, so that
/// the sum over the kept ones, and what a uniform number draws from them, do not depend on the
/// order in which a cut looked at them. Memory for one row; one thread.
final class Candidates {
  private static final double LN_256 = Math.log(256);

  /// Exponentials of what is further below 0 are 0.
  private static final double UNDERFLOW = 88;

  private @Nullable LogitRow row;
  private float max;
  private int[] ids = new int[0];
  private float[] weights = new float[0];
  private long[] keys = new long[0];
  private int count;

  /// Begins with a row.
  ///
  /// @param largest of its logits
  void begin(LogitRow next, float largest) {
    row = next;
    max = largest;
  }

  private LogitRow row() {
    return Objects.requireNonNull(row);
  }

  /// Collects the tokens that the truncation keeps.
  ///
  /// @param total of the weights `exp(scale x - shift)` of the row
  void truncate(Truncation truncation, float scale, float shift, double total) {
    collect(truncation, scale, shift, total);
    if (truncation.topK() > 0) {
      keepMostLikely(truncation.topK());
      keepShare(truncation.topP(), mass());
    } else {
      keepShare(truncation.topP(), total);
    }
    keepAtLeast((float) truncation.minP());
    keepTypical(truncation.typicalP(), scale, shift);
  }

  /// Ids of the `k` largest logits, largest first, equals by id; fewer where fewer are finite.
  int[] mostLikely(int k) {
    if (k == 0) {
      return new int[0];
    }
    collectAbove(LN_256);
    for (double depth = 2 * LN_256; count < k && depth < 2 * UNDERFLOW; depth *= 2) {
      collectAbove(depth);
    }
    if (count < k) {
      collectAbove(Double.POSITIVE_INFINITY);
    }
    for (int i = 0; i < count; i++) {
      keys[i] = key(row().get(ids[i]), i);
    }
    long last = boundary(k, _ -> 1);
    return Arrays.stream(keys, 0, count)
        .filter(key -> key <= last)
        .sorted()
        .mapToInt(key -> ids[(int) key])
        .toArray();
  }

  private void collect(Truncation truncation, float scale, float shift, double total) {
    boolean prefix = truncation.topK() > 0 || truncation.topP() < 1 || truncation.minP() > 0;
    double depth = prefix ? LN_256 : UNDERFLOW;
    collectAbove(depth / scale);
    row().exp(ids, count, scale, shift, weights);
    while (depth < UNDERFLOW && !enough(truncation, depth, total)) {
      depth = 2 * depth;
      collectAbove(depth / scale);
      row().exp(ids, count, scale, shift, weights);
    }
    compact(i -> weights[i] > 0);
  }

  /// Whether the truncation keeps none of the tokens that are further below the largest.
  private boolean enough(Truncation truncation, double depth, double total) {
    if (truncation.topK() > 0) {
      return count >= truncation.topK();
    }
    return (truncation.topP() < 1 && mass() >= truncation.topP() * total)
        || Math.exp(-depth) < 0.5 * truncation.minP();
  }

  /// Collects the logits that are at most `depth` below the largest.
  private void collectAbove(double depth) {
    if (ids.length < row().count()) {
      ids = new int[row().count()];
    }
    count = row().idsAtLeast((float) Math.max(max - depth, -Float.MAX_VALUE), ids);
    if (weights.length < count) {
      int size = Math.min(row().count(), 2 * count);
      weights = new float[size];
      keys = new long[size];
    }
  }

  private void keepMostLikely(int k) {
    if (k < count) {
      fillKeys();
      keepUpTo(boundary(k, _ -> 1));
    }
  }

  /// @param total of which `share` is a share
  private void keepShare(double share, double total) {
    if (share < 1) {
      fillKeys();
      keepUpTo(boundary(share * total, i -> weights[i]));
    }
  }

  private void keepAtLeast(float share) {
    if (share > 0) {
      compact(i -> weights[i] >= share);
    }
  }

  private void keepTypical(double share, float scale, float shift) {
    if (share == 1) {
      return;
    }
    double mass = mass();
    double logMass = Math.log(mass);
    double entropy = 0;
    for (int i = 0; i < count; i++) {
      entropy += weights[i] / mass * surprise(i, scale, shift, logMass);
    }
    for (int i = 0; i < count; i++) {
      float distance = (float) Math.abs(surprise(i, scale, shift, logMass) - entropy);
      keys[i] = (long) Float.floatToRawIntBits(distance) << 32 | i;
    }
    // Tokens that are as typical as the last one stay, as in transformers.
    keepUpTo(boundary(share * mass, i -> weights[i]) | 0xFFFFFFFFL);
  }

  private double surprise(int index, float scale, float shift, double logMass) {
    return logMass - (scale * row().get(ids[index]) - shift);
  }

  private void fillKeys() {
    for (int i = 0; i < count; i++) {
      keys[i] = key(weights[i], i);
    }
  }

  /// Orders by value, largest first, and equals by index, which its low half is.
  private static long key(float value, int index) {
    int bits = Float.floatToRawIntBits(value);
    int ascending = bits ^ (bits >> 31 & Integer.MAX_VALUE);
    return (long) ~ascending << 32 | index;
  }

  private void keepUpTo(long boundary) {
    BitSet kept = new BitSet(count);
    for (int i = 0; i < count; i++) { // in the order in which the cut left them
      if (keys[i] <= boundary) {
        kept.set((int) keys[i]);
      }
    }
    compact(kept::get);
  }

  private void compact(IntPredicate stays) {
    int next = 0;
    for (int i = 0; i < count; i++) {
      if (stays.test(i)) {
        ids[next] = ids[i];
        weights[next++] = weights[i];
      }
    }
    count = next;
  }

  /// The key of the last of the fewest keys, smallest first, whose values reach `limit`; the
  /// largest key if they do not.
  ///
  /// @param value of an index
  private long boundary(double limit, IntToDoubleFunction value) {
    int from = 0;
    int to = count;
    double before = 0;
    while (to - from > 32) {
      int middle = partition(from, to);
      double below = 0;
      for (int i = from; i < middle; i++) {
        below += value.applyAsDouble((int) keys[i]);
      }
      if (before + below >= limit) {
        to = middle;
      } else {
        before += below;
        from = middle;
      }
    }
    Arrays.sort(keys, from, to);
    for (int i = from; i < to; i++) {
      before += value.applyAsDouble((int) keys[i]);
      if (before >= limit) {
        return keys[i];
      }
    }
    return keys[to - 1];
  }

  /// Puts the keys below a pivot before the others, at least one of each, and returns where the
  /// others begin. No two keys are equal.
  private int partition(int from, int to) {
    long a = keys[from];
    long b = keys[from + (to - from) / 2];
    long c = keys[to - 1];
    long pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c)); // the median
    int next = from;
    for (int i = from; i < to; i++) {
      if (keys[i] < pivot) {
        long key = keys[i];
        keys[i] = keys[next];
        keys[next++] = key;
      }
    }
    return next;
  }

  /// The sum of the weights.
  double mass() {
    double mass = 0;
    for (int i = 0; i < count; i++) {
      mass += weights[i];
    }
    return mass;
  }

  /// The first id at which the cumulated weights exceed `threshold`; the last one if rounding keeps
  /// the sum below.
  int inverse(double threshold) {
    double cumulated = 0;
    for (int i = 0; i < count; i++) {
      cumulated += weights[i];
      if (cumulated > threshold) {
        return ids[i];
      }
    }
    return ids[count - 1];
  }
}
