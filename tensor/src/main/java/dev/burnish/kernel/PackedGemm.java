package dev.burnish.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Batch-invariant matrix products of a decoder's linear layers ([Numerics#BATCH_INVARIANT]), in
/// plain Java over [MicroKernel].
///
/// Idea: one operand becomes panels, the other a row-major array, both in Java arrays; tiles of the
/// result are made in registers and added to memory. The inner dimension is cut at fixed places, so
/// an element's value depends on its row and its column alone, not on how many rows there are or on
/// threads: a generator that decodes one token and a trainer that reads thousands get the same
/// bits. One product at a time; callers of different threads take turns.
final class PackedGemm {
  /// Most inner elements between two additions to memory. A panel of them fits the first-level
  /// cache on AVX2; a longer chain of additions would also be less exact.
  private static final int MAX_DEPTH = 512;

  private static final int SLOT = MAX_DEPTH * MicroKernel.COLUMNS;

  private final Team team;
  private final ReentrantLock turn = new ReentrantLock();
  private final float[] slots = new float[Team.MOST_PIECES * SLOT];
  private float[] left = new float[0];

  /// The inner dimension is cut into blocks of this size, the last one being shorter.
  private static int depth(int inner) {
    int blocks = (inner + MAX_DEPTH - 1) / MAX_DEPTH;
    return Math.min(MAX_DEPTH, ((inner + blocks - 1) / blocks + 7) & -8);
  }

  PackedGemm(Team team) {
    this.team = team;
  }

  /// A matrix `[n, k]` packed once for many products.
  ///
  /// @param panels from `base` on, block by block of the inner dimension, in each panel by panel
  record Packed(int n, int k, float[] panels, int base) implements Kernels.PreparedWeight {
    int at(int panel, int from) {
      int depth = Math.min(depth(k), k - from);
      int width = Panels.count(n) * MicroKernel.COLUMNS;
      return base + from * width + panel * depth * MicroKernel.COLUMNS;
    }
  }

  /// Packs some matrices `[n, k]` into one array: `reuse` where it has the size.
  List<Packed> pack(List<Matrix> weights, float[] reuse) {
    long size = 0;
    for (Matrix w : weights) {
      size += (long) Panels.count(w.rows()) * MicroKernel.COLUMNS * w.cols();
    }
    float[] panels = room(reuse, size);
    List<Packed> result = new ArrayList<>();
    int base = 0;
    for (Matrix w : weights) {
      Packed packed = new Packed(w.rows(), w.cols(), panels, base);
      team.ranges(Panels.count(w.rows()), 1, (from, to) -> pack(w, from, to, packed));
      base += Panels.count(w.rows()) * MicroKernel.COLUMNS * w.cols();
      result.add(packed);
    }
    return result;
  }

  private static void pack(Matrix w, int first, int end, Packed packed) {
    for (int from = 0; from < w.cols(); from += depth(w.cols())) {
      int depth = Math.min(depth(w.cols()), w.cols() - from);
      for (int panel = first; panel < end; panel++) {
        Panels.packTransposed(w, panel, from, depth, packed.panels(), packed.at(panel, from));
      }
    }
  }

  /// `C = A W'`, or `C += A W'`, for A `[m, k]`, W `[n, k]`.
  void timesTransposed(Matrix a, Matrix w, boolean add, Matrix c) {
    product(
        a,
        c,
        add,
        (panel, from, depth, slot) -> {
          Panels.packTransposed(w, panel, from, depth, slots, slot);
          return new Place(slots, slot);
        });
  }

  /// The same for a packed matrix.
  void timesTransposed(Matrix a, Packed w, boolean add, Matrix c) {
    product(a, c, add, (panel, from, _, _) -> new Place(w.panels(), w.at(panel, from)));
  }

  private record Place(float[] array, int at) {}

  private interface Source {
    /// Where a panel is, or where it was put: `slot` is free for it.
    Place panel(int panel, int from, int depth, int slot);
  }

  private void product(Matrix a, Matrix c, boolean add, Source source) {
    turn.lock();
    try {
      for (int from = 0; from < a.cols(); from += depth(a.cols())) {
        int depth = Math.min(depth(a.cols()), a.cols() - from);
        int start = from;
        copyLeft(a, from, depth);
        int panels = Panels.count(c.cols());
        int pieces = pieces(panels);
        team.run(
            pieces,
            piece -> {
              float[] tile = new float[MicroKernel.TILE];
              int slot = piece * SLOT;
              int end = (int) ((long) panels * (piece + 1) / pieces);
              for (int p = (int) ((long) panels * piece / pieces); p < end; p++) {
                Place place = source.panel(p, start, depth, slot);
                column(c, p, depth, place, add || start > 0, tile);
              }
            });
      }
    } finally {
      turn.unlock();
    }
  }

  /// By shape alone; even, since most teams are.
  private static int pieces(int panels) {
    return panels == 1 ? 1 : Math.min(Team.MOST_PIECES, panels / 2 * 2);
  }

  /// All rows of one panel's columns of C.
  private void column(Matrix c, int panel, int depth, Place place, boolean add, float[] tile) {
    for (int row = 0; row < c.rows(); ) {
      int rows = MicroKernel.rows(c.rows() - row);
      MicroKernel.multiply(rows, left, row * depth, depth, place.array(), place.at(), depth, tile);
      store(tile, rows, c, row, panel * MicroKernel.COLUMNS, add);
      row += rows;
    }
  }

  private static float[] room(float[] array, long floats) {
    return array.length >= floats ? array : new float[Math.toIntExact(floats)];
  }

  private void copyLeft(Matrix a, int from, int depth) {
    left = room(left, (long) a.rows() * depth);
    team.ranges(
        a.rows(),
        Math.max(1, 65_536 / depth),
        (first, end) -> {
          for (int row = first; row < end; row++) {
            Panels.copy(a.row(row) + 4L * from, left, row * depth, depth);
          }
        });
  }

  private static void store(float[] tile, int rows, Matrix c, int row, int column, boolean add) {
    int columns = Math.min(MicroKernel.COLUMNS, c.cols() - column);
    for (int i = 0; i < rows; i++) {
      long target = c.row(row + i) + 4L * column;
      for (int j = 0; j < columns; j += Lanes.WIDTH) {
        FloatVector value = FloatVector.fromArray(Lanes.SPECIES, tile, i * MicroKernel.COLUMNS + j);
        if (columns - j >= Lanes.WIDTH) {
          Lanes.store(add ? Lanes.load(target, j).add(value) : value, target, j);
        } else {
          VectorMask<Float> mask = Lanes.tail(j, columns);
          Lanes.store(add ? Lanes.load(target, j, mask).add(value) : value, target, j, mask);
        }
      }
    }
  }

  /// The right operand of a product as [MicroKernel] reads it: panels of [MicroKernel#COLUMNS]
  /// columns, in each the `k` rows one after the other. Columns past the end are zero.
  private static final class Panels {
    private static final int BLOCK = 64;

    static int count(int columns) {
      return (columns + MicroKernel.COLUMNS - 1) / MicroKernel.COLUMNS;
    }

    /// Packs panel `index` of `W'` for W `[n, k]`: rows of W become columns. Takes the columns
    /// `[from, from + k)` of W.
    static void packTransposed(Matrix w, int index, int from, int k, float[] target, int at) {
      int first = index * MicroKernel.COLUMNS;
      int columns = Math.min(MicroKernel.COLUMNS, w.rows() - first);
      // In blocks, so that the lines that are written stay in the first-level cache.
      for (int block = 0; block < k; block += BLOCK) {
        int end = Math.min(k, block + BLOCK);
        for (int j = 0; j < columns; j++) {
          long row = w.row(first + j) + 4L * (from + block);
          scatter(row, target, at + block * MicroKernel.COLUMNS + j, end - block);
        }
        for (int j = columns; j < MicroKernel.COLUMNS; j++) {
          clear(target, at + block * MicroKernel.COLUMNS + j, end - block);
        }
      }
    }

    private static void scatter(long row, float[] target, int at, int count) {
      for (int p = 0; p < count; p++) {
        target[at + p * MicroKernel.COLUMNS] = Matrix.get(row + 4L * p);
      }
    }

    private static void clear(float[] target, int at, int count) {
      for (int p = 0; p < count; p++) {
        target[at + p * MicroKernel.COLUMNS] = 0;
      }
    }

    /// Copies adjacent elements from memory.
    static void copy(long source, float[] target, int at, int count) {
      if (count == MicroKernel.COLUMNS) {
        Lanes.load(source, 0).intoArray(target, at);
        Lanes.load(source, Lanes.WIDTH).intoArray(target, at + Lanes.WIDTH);
      } else {
        MemorySegment.copy(
            Matrix.MEMORY, ValueLayout.JAVA_FLOAT_UNALIGNED, source, target, at, count);
      }
    }
  }
}
