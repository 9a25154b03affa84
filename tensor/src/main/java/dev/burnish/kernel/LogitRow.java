package dev.burnish.kernel;

import dev.burnish.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// One row of logits in host memory, read and changed by the draw of a token.
///
/// Idea: a draw from softmax(scale * logits) needs the largest logit, the sum of exponentials, and
/// the exponentials of one block of columns: two passes that read and none that writes. Sums are
/// kept per block of 4096 columns, so that the inverse of the cumulated distribution skips whole
/// blocks. The sum has the bits of [Kernels#logprobs]. Valid as long as its tensor; one thread.
public final class LogitRow {
  /// Exponentials of a row, summed per block: the memory that draws of one thread reuse.
  public static final class ExpSums {
    private final double[] blocks;
    private final float[] block = new float[SoftmaxRows.BLOCK];
    private float scale;
    private float shift;
    private double total;

    /// @param count columns of the rows
    public ExpSums(int count) {
      blocks = new double[(count + SoftmaxRows.BLOCK - 1) / SoftmaxRows.BLOCK];
    }

    /// The sum of `exp(scale x - shift)` over the row.
    public double total() {
      return total;
    }
  }

  private final long address;
  private final int count;

  private LogitRow(long address, int count) {
    this.address = address;
    this.count = count;
  }

  /// The rows of a matrix of logits.
  ///
  /// @param logits_BV F32 in host memory, with adjacent columns
  public static List<LogitRow> of(Tensor logits_BV) {
    Matrix matrix = Matrix.of(logits_BV);
    return IntStream.range(0, matrix.rows())
        .mapToObj(row -> new LogitRow(matrix.row(row), matrix.cols()))
        .toList();
  }

  /// The number of columns.
  public int count() {
    return count;
  }

  public float get(int id) {
    return Matrix.get(address + 4L * Objects.checkIndex(id, count));
  }

  public void set(int id, float value) {
    Matrix.set(address + 4L * Objects.checkIndex(id, count), value);
  }

  /// Copies the row to the front of `out`.
  public void copyTo(float[] out) {
    MemorySegment.copy(Matrix.MEMORY, ValueLayout.JAVA_FLOAT_UNALIGNED, address, out, 0, count);
  }

  /// The largest logit; NaN if any is.
  public float max() {
    return SoftmaxRows.max(address, count);
  }

  /// Sets every logit to minus infinity, except those whose bit is set.
  ///
  /// @param bits 64 ids per element, the lowest first; ids beyond its end are not set
  public void keepOnly(long[] bits) {
    FloatVector none = FloatVector.broadcast(Lanes.SPECIES, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      VectorMask<Float> kept = VectorMask.fromLong(Lanes.SPECIES, word(bits, i) >>> (i & 63));
      Lanes.store(none.blend(Lanes.load(address, i), kept), address, i);
    }
    for (; i < count; i++) {
      if ((word(bits, i) >>> (i & 63) & 1) == 0) {
        set(i, Float.NEGATIVE_INFINITY);
      }
    }
  }

  private static long word(long[] bits, int id) {
    return id >>> 6 < bits.length ? bits[id >>> 6] : 0;
  }

  /// The lowest id whose logit is at least `bound`.
  ///
  /// @throws IllegalArgumentException if none is
  public int firstAtLeast(float bound) {
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      VectorMask<Float> found = Lanes.load(address, i).compare(VectorOperators.GE, bound);
      if (found.anyTrue()) {
        return i + found.firstTrue();
      }
    }
    for (; i < count; i++) {
      if (get(i) >= bound) {
        return i;
      }
    }
    throw new IllegalArgumentException("a logit must reach the bound: bound=" + bound);
  }

  /// Writes the ids whose logits are at least `bound` to the front of `ids`, in order, and returns
  /// how many there are.
  ///
  /// @param ids as long as the row
  public int idsAtLeast(float bound, int[] ids) {
    int found = 0;
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      long lanes = Lanes.load(address, i).compare(VectorOperators.GE, bound).toLong();
      while (lanes != 0) {
        ids[found++] = i + Long.numberOfTrailingZeros(lanes);
        lanes &= lanes - 1;
      }
    }
    for (; i < count; i++) {
      if (get(i) >= bound) {
        ids[found++] = i;
      }
    }
    return found;
  }

  /// Sums `exp(scale x - shift)` over the row. NaN if a logit is NaN or infinite above.
  public void expSum(float scale, float shift, ExpSums sums) {
    sums.scale = scale;
    sums.shift = shift;
    sums.total = 0;
    for (int b = 0; b < sums.blocks.length; b++) {
      int from = b * SoftmaxRows.BLOCK;
      int length = Math.min(SoftmaxRows.BLOCK, count - from);
      sums.blocks[b] = SoftmaxRows.expSum(address + 4L * from, length, scale, shift);
      sums.total += sums.blocks[b];
    }
  }

  /// The first id at which the exponentials that `sums` has summed, cumulated in order of id,
  /// exceed `threshold`; the last with a positive one if rounding keeps the sum below.
  public int inverse(ExpSums sums, double threshold) {
    double before = 0;
    int last = -1;
    for (int b = 0; b < sums.blocks.length; b++) {
      double after = before + sums.blocks[b];
      if (after > threshold) {
        int length = exp(b, sums);
        double cumulated = before;
        for (int i = 0; i < length; i++) {
          cumulated += sums.block[i];
          if (sums.block[i] > 0) {
            last = b * SoftmaxRows.BLOCK + i;
            if (cumulated > threshold) {
              return last;
            }
          }
        }
      }
      before = after;
    }
    return last >= 0 ? last : lastPositive(sums);
  }

  private int lastPositive(ExpSums sums) {
    for (int b = sums.blocks.length - 1; b >= 0; b--) {
      for (int i = exp(b, sums) - 1; i >= 0; i--) {
        if (sums.block[i] > 0) {
          return b * SoftmaxRows.BLOCK + i;
        }
      }
    }
    throw new IllegalArgumentException(
        "a row must have a positive exponential: total=" + sums.total);
  }

  /// Writes the exponentials of a block to `sums.block` and returns their number.
  private int exp(int b, ExpSums sums) {
    int from = b * SoftmaxRows.BLOCK;
    int length = Math.min(SoftmaxRows.BLOCK, count - from);
    long start = address + 4L * from;
    int i = 0;
    for (; i < Lanes.bound(length); i += Lanes.WIDTH) {
      FloatVector x = Lanes.load(start, i).mul(sums.scale).sub(sums.shift);
      VectorMath.exp(x).intoArray(sums.block, i);
    }
    if (i < length) {
      VectorMask<Float> mask = Lanes.tail(i, length);
      FloatVector x = Lanes.load(start, i, mask).mul(sums.scale).sub(sums.shift);
      VectorMath.exp(x).intoArray(sums.block, i, mask);
    }
    return length;
  }

  /// Writes `exp(scale x - shift)` of the first `number` of `ids` to `out`.
  public void exp(int[] ids, int number, float scale, float shift, float[] out) {
    for (int i = 0; i < number; i++) {
      out[i] = get(ids[i]);
    }
    int i = 0;
    for (; i < Lanes.bound(number); i += Lanes.WIDTH) {
      FloatVector x = FloatVector.fromArray(Lanes.SPECIES, out, i).mul(scale).sub(shift);
      VectorMath.exp(x).intoArray(out, i);
    }
    if (i < number) {
      VectorMask<Float> mask = Lanes.tail(i, number);
      FloatVector x = FloatVector.fromArray(Lanes.SPECIES, out, i, mask).mul(scale).sub(shift);
      VectorMath.exp(x).intoArray(out, i, mask);
    }
  }
}
