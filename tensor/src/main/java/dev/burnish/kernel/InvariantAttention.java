package dev.burnish.kernel;

import dev.burnish.kernel.AttentionTile.Run;
import dev.burnish.kernel.Kernels.Heads;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Attention of a generator: the bits of a row depend on its query and on its keys in order of
/// position, whatever spans they lie in and whatever other rows there are.
///
/// Idea: a score is one sum over the width of a head, in lanes that are then added as a balanced
/// tree; sixteen keys (as many as there are lanes) are reduced together, which changes no sum. The
/// output is one chain of fused multiply-adds over the positions, which continues from span to span
/// in memory. Rows that share a span, and the query heads that share a key head, are computed
/// together only to read a key once. A hidden key has probability 0 and changes nothing.
final class InvariantAttention {
  private static final int WIDTH = Lanes.WIDTH;

  /// Rows of one head, or of all that share their keys, whose scores fit the second-level cache.
  private static final int MOST_ROWS = 64;

  private static final VectorShuffle<Float> SWAP_1 = swap(WIDTH / 2);
  private static final VectorShuffle<Float> SWAP_2 = swap(WIDTH / 4);
  private static final VectorShuffle<Float> SWAP_3 = swap(WIDTH / 8);
  private static final VectorShuffle<Float> SWAP_4 = swap(WIDTH / 16);
  private static final VectorMask<Float> ODD_1 = odd(WIDTH / 2);
  private static final VectorMask<Float> ODD_2 = odd(WIDTH / 4);
  private static final VectorMask<Float> ODD_3 = odd(WIDTH / 8);
  private static final VectorMask<Float> ODD_4 = odd(WIDTH / 16);

  /// Floats of the sums of as many keys as there are lanes, on their way.
  private static final int PARTIAL = WIDTH / 4 * WIDTH;

  /// The first keys of the fours, bits reversed: those of the last reduction are neighbours.
  private static final int[] FIRST = {0, WIDTH == 8 ? 1 : 2, 1, 3};

  /// The matrices that are read, and the one that is written.
  record Tensors(Matrix q, Matrix k, Matrix v, Matrix out) {}

  /// Some rows of a head's keys or values, in the order of their positions.
  private record Keys(Matrix matrix, int[] rows) {}

  private InvariantAttention() {}

  /// Exchanges neighbouring runs of lanes.
  private static VectorShuffle<Float> swap(int run) {
    return VectorShuffle.fromOp(Lanes.SPECIES, lane -> lane ^ run);
  }

  /// The lanes of every second run.
  private static VectorMask<Float> odd(int run) {
    boolean[] lanes = new boolean[WIDTH];
    for (int lane = 0; lane < WIDTH; lane++) {
      lanes[lane] = (lane & run) != 0;
    }
    return VectorMask.fromArray(Lanes.SPECIES, lanes, 0);
  }

  static void forward(Team team, AttentionPlan plan, Heads heads, Tensors tensors) {
    List<AttentionTile> tiles = plan.tiles().stream().flatMap(List::stream).toList();
    team.run(
        tiles.size() * heads.keyValue(),
        piece -> {
          AttentionTile tile = tiles.get(piece / heads.keyValue());
          int kvHead = piece % heads.keyValue();
          int perKeyValue = heads.query() / heads.keyValue();
          int together = tile.rows() * perKeyValue <= MOST_ROWS ? perKeyValue : 1;
          try (Scratch scratch =
              new Scratch(4L * (PARTIAL + tile.rows() * together * tile.columns()))) {
            for (int head = 0; head < perKeyValue; head += together) {
              new Piece(tile, plan.window(), heads, kvHead, tensors)
                  .forward(kvHead * perKeyValue + head, together, scratch.address());
            }
          }
        });
  }

  /// A tile's rows for some query heads that share a key head. Row `i` of head `h` has the scores
  /// of row `i * together + h`.
  private record Piece(AttentionTile tile, int window, Heads heads, int kvHead, Tensors tensors) {
    void forward(int firstHead, int together, long scratch) {
      long scores = scratch + 4L * PARTIAL;
      int dim = heads.dim();
      Matrix k = tensors.k().columns(kvHead * dim, dim);
      Matrix v = tensors.v().columns(kvHead * dim, dim);
      long[] q = rows(tensors.q(), firstHead, together);
      long[] out = rows(tensors.out(), firstHead, together);
      long stride = 4L * tile.columns();
      for (Run run : tile.runs()) {
        Keys keys = new Keys(k, run.keyRows());
        int end = (run.firstRow() + run.rows()) * together;
        for (int row = run.firstRow() * together; row < end; row++) {
          scores(q[row], keys, heads.scale(), scores + row * stride + 4L * run.column(), scratch);
        }
      }
      for (int row = 0; row < q.length; row++) {
        softmax(row / together, scores + row * stride);
      }
      long[] four = new long[8];
      for (Run run : tile.runs()) {
        Keys values = new Keys(v, run.keyRows());
        int end = (run.firstRow() + run.rows()) * together;
        for (int row = run.firstRow() * together; row < end; row += 4) {
          for (int i = 0; i < 4; i++) {
            // Past the end the last row again, which gives the same once more.
            int at = Math.min(row + i, end - 1);
            four[i] = scores + at * stride + 4L * run.column();
            four[4 + i] = out[at];
          }
          combine(four, values, run.column() == 0);
        }
      }
    }

    private long[] rows(Matrix matrix, int firstHead, int together) {
      long[] addresses = new long[tile.rows() * together];
      for (int i = 0; i < addresses.length; i++) {
        addresses[i] =
            matrix.row(tile.queryStart() + i / together)
                + 4L * (firstHead + i % together) * heads.dim();
      }
      return addresses;
    }

    private void softmax(int i, long row) {
      int low = tile.low(i, window);
      int visible = tile.positions()[i] + 1 - low;
      long start = row + 4L * low;
      float max = SoftmaxRows.max(start, visible);
      float sum = SoftmaxRows.expInPlace(start, visible, 1f, max);
      SoftmaxRows.scale(start, visible, 1 / sum);
      tile.blank(i, window, row);
    }
  }

  /// Scores of one query against all keys.
  ///
  /// @param partial room for [#PARTIAL] floats
  private static void scores(long q, Keys keys, float scale, long out, long partial) {
    int count = keys.rows().length;
    for (int j = 0; j < count; j += WIDTH) {
      // In memory, since a vector that a method returns is an object where it is not inlined.
      for (int i = 0; i < WIDTH / 4; i++) {
        four(q, keys, j + FIRST[i], partial + 4L * i * WIDTH);
      }
      FloatVector sums = merged(partial).mul(scale);
      if (j + WIDTH <= count) {
        Lanes.store(sums, out, j);
      } else {
        Lanes.store(sums, out, j, Lanes.tail(j, count));
      }
    }
  }

  /// The sums of as many keys as there are lanes, in the order of the keys: the runs of lanes that
  /// are added first were chosen so.
  private static FloatVector merged(long partial) {
    FloatVector a = Lanes.load(partial, 0);
    if (WIDTH == 4) {
      return a;
    }
    FloatVector b = Lanes.load(partial, WIDTH);
    FloatVector even = a.add(a.rearrange(SWAP_3)).blend(b.add(b.rearrange(SWAP_3)), ODD_3);
    if (WIDTH == 8) {
      return even;
    }
    FloatVector c = Lanes.load(partial, 2 * WIDTH);
    FloatVector d = Lanes.load(partial, 3 * WIDTH);
    FloatVector odd = c.add(c.rearrange(SWAP_3)).blend(d.add(d.rearrange(SWAP_3)), ODD_3);
    return even.add(even.rearrange(SWAP_4)).blend(odd.add(odd.rearrange(SWAP_4)), ODD_4);
  }

  /// The products with the keys at `first` and one, two and three quarters of the lanes after it,
  /// each reduced to a quarter of the lanes.
  private static void four(long q, Keys keys, int first, long partial) {
    Matrix matrix = keys.matrix();
    int[] rows = keys.rows();
    int last = rows.length - 1;
    long k0 = matrix.row(rows[Math.min(first, last)]);
    long k1 = matrix.row(rows[Math.min(first + WIDTH / 4, last)]);
    long k2 = matrix.row(rows[Math.min(first + WIDTH / 2, last)]);
    long k3 = matrix.row(rows[Math.min(first + 3 * WIDTH / 4, last)]);
    int dim = matrix.cols();
    FloatVector s0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = 0;
    for (; i < Lanes.bound(dim); i += WIDTH) {
      FloatVector x = Lanes.load(q, i);
      s0 = x.fma(Lanes.load(k0, i), s0);
      s1 = x.fma(Lanes.load(k1, i), s1);
      s2 = x.fma(Lanes.load(k2, i), s2);
      s3 = x.fma(Lanes.load(k3, i), s3);
    }
    if (i < dim) {
      VectorMask<Float> mask = Lanes.tail(i, dim);
      FloatVector x = Lanes.load(q, i, mask);
      s0 = x.fma(Lanes.load(k0, i, mask), s0);
      s1 = x.fma(Lanes.load(k1, i, mask), s1);
      s2 = x.fma(Lanes.load(k2, i, mask), s2);
      s3 = x.fma(Lanes.load(k3, i, mask), s3);
    }
    FloatVector low = s0.add(s0.rearrange(SWAP_1)).blend(s2.add(s2.rearrange(SWAP_1)), ODD_1);
    FloatVector high = s1.add(s1.rearrange(SWAP_1)).blend(s3.add(s3.rearrange(SWAP_1)), ODD_1);
    Lanes.store(
        low.add(low.rearrange(SWAP_2)).blend(high.add(high.rearrange(SWAP_2)), ODD_2), partial, 0);
  }

  /// Adds the values of a run, weighted by their probabilities, to four rows of the output, or sets
  /// these.
  ///
  /// @param rows addresses of the rows' probabilities, then of their outputs
  private static void combine(long[] rows, Keys values, boolean set) {
    int dim = values.matrix().cols();
    int column = 0;
    for (; column + 2 * WIDTH <= dim; column += 2 * WIDTH) {
      combineTwo(rows, values, column, set);
    }
    for (; column < dim; column += WIDTH) {
      combineOne(rows, values, column, set);
    }
  }

  private static void combineTwo(long[] rows, Keys values, int column, boolean set) {
    long p0 = rows[0];
    long p1 = rows[1];
    long p2 = rows[2];
    long p3 = rows[3];
    int next = column + WIDTH;
    FloatVector a0 = begin(rows[4], column, set);
    FloatVector b0 = begin(rows[4], next, set);
    FloatVector a1 = begin(rows[5], column, set);
    FloatVector b1 = begin(rows[5], next, set);
    FloatVector a2 = begin(rows[6], column, set);
    FloatVector b2 = begin(rows[6], next, set);
    FloatVector a3 = begin(rows[7], column, set);
    FloatVector b3 = begin(rows[7], next, set);
    long first = values.matrix().address();
    long step = 4L * values.matrix().stride();
    int[] keys = values.rows();
    for (int j = 0; j < keys.length; j++) {
      long row = first + step * keys[j];
      FloatVector a = Lanes.load(row, column);
      FloatVector b = Lanes.load(row, next);
      FloatVector w = weight(p0, j);
      a0 = a.fma(w, a0);
      b0 = b.fma(w, b0);
      w = weight(p1, j);
      a1 = a.fma(w, a1);
      b1 = b.fma(w, b1);
      w = weight(p2, j);
      a2 = a.fma(w, a2);
      b2 = b.fma(w, b2);
      w = weight(p3, j);
      a3 = a.fma(w, a3);
      b3 = b.fma(w, b3);
    }
    Lanes.store(a0, rows[4], column);
    Lanes.store(b0, rows[4], next);
    Lanes.store(a1, rows[5], column);
    Lanes.store(b1, rows[5], next);
    Lanes.store(a2, rows[6], column);
    Lanes.store(b2, rows[6], next);
    Lanes.store(a3, rows[7], column);
    Lanes.store(b3, rows[7], next);
  }

  private static FloatVector begin(long out, int column, boolean set) {
    return set ? FloatVector.zero(Lanes.SPECIES) : Lanes.load(out, column);
  }

  private static FloatVector weight(long probabilities, int key) {
    return FloatVector.broadcast(Lanes.SPECIES, Matrix.get(probabilities + 4L * key));
  }

  /// The last columns of a head whose width is no multiple of two vectors.
  private static void combineOne(long[] rows, Keys values, int column, boolean set) {
    Matrix matrix = values.matrix();
    VectorMask<Float> mask = Lanes.tail(column, matrix.cols());
    for (int i = 0; i < 4 && (i == 0 || rows[4 + i] != rows[3 + i]); i++) {
      FloatVector sum =
          set ? FloatVector.zero(Lanes.SPECIES) : Lanes.load(rows[4 + i], column, mask);
      for (int j = 0; j < values.rows().length; j++) {
        long row = matrix.row(values.rows()[j]);
        sum = Lanes.load(row, column, mask).fma(weight(rows[i], j), sum);
      }
      Lanes.store(sum, rows[4 + i], column, mask);
    }
  }
}
