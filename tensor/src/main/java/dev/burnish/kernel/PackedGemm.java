package dev.burnish.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Batch-invariant matrix products of a decoder's linear layers ([Numerics#BATCH_INVARIANT]), in
/// plain Java over [Tile].
///
/// Idea: the right operand is panels, packed before or when they are needed; tiles of the result
/// are made in registers, segment by segment of the inner dimension ([Segments]), and added up
/// while they are in the first-level cache. An element's chain of additions is fixed by the size of
/// the inner dimension alone: not by the number of rows, tiles, threads or the width of registers.
/// So a generator that decodes one token and a trainer that reads thousands get the same bits.
///
/// One product at a time; callers of different threads take turns.
final class PackedGemm implements AutoCloseable {
  /// Pieces per thread, to even out threads of a busy machine.
  private static final int PIECES = 16;

  /// Rows of a piece where the columns alone are too few for all threads.
  private static final int ROWS = 48;

  private final Team team;
  private final Tile.Form form;
  private final ReentrantLock turn = new ReentrantLock();
  private final @Nullable Desk[] desks;
  private float[] left = {};

  PackedGemm(Team team, Tile.Form form) {
    this.team = team;
    this.form = form;
    desks = new Desk[team.size()];
  }

  /// Columns of a panel.
  int columns() {
    return form.columns();
  }

  /// The layout of matrices for this machine.
  PackedLayout layout(List<PackedLayout.Shape> matrices, WeightFormat format) {
    return new PackedLayout(format, columns(), matrices);
  }

  private int panels(int outputs) {
    return PackedLayout.panels(outputs, columns());
  }

  /// Runs something while no product is under way.
  void betweenProducts(Runnable change) {
    turn.lock();
    try {
      change.run();
    } finally {
      turn.unlock();
    }
  }

  /// Packs a matrix of the target's shape.
  void pack(Matrix w, PackedWeights.Packed target) {
    betweenProducts(() -> {
      Panels panels = target.open();
      UnpackedPanels source = new UnpackedPanels(w, columns());
      team.runSeated(
          panels(w.rows()), (panel, seat) -> panels.pack(source, panel, desk(seat).room(w.cols())));
    });
  }

  /// `C = A W'`, or `C += A W'`, for A `[m, k]`, W `[n, k]`.
  void timesTransposed(Matrix a, Matrix w, Segments segments, boolean add, Matrix c) {
    product(a, () -> new UnpackedPanels(w, columns()), segments, add, c);
  }

  /// The same for a packed matrix.
  ///
  /// @throws IllegalStateException if its memory is closed
  void timesTransposed(Matrix a, PackedWeights.Packed w, Segments segments, boolean add, Matrix c) {
    product(a, w::open, segments, add, c);
  }

  private void product(
      Matrix a, Supplier<PanelSource> operand, Segments segments, boolean add, Matrix c) {
    betweenProducts(() -> {
      PanelSource w = operand.get();
      int most = form.mostRows(w.k());
      for (int row = 0; row < c.rows(); row += Math.min(most, c.rows() - row)) {
        int rows = Math.min(most, c.rows() - row);
        Tile.Left left = new Tile.Left(a.rows(row, rows), copy(a.rows(row, rows)));
        product(new Desk.Product(left, w, segments, c.rows(row, rows), add));
      }
    });
  }

  private void product(Desk.Product product) {
    Matrix c = product.c();
    int panels = panels(c.cols());
    int parts = Math.min(panels, PIECES * team.size());
    int runs = runs(parts, c.rows());
    team.runSeated(
        parts * runs,
        (piece, seat) -> {
          int part = piece / runs;
          int run = piece % runs;
          desk(seat)
              .compute(
                  product,
                  new Desk.Range(cut(panels, part, parts), cut(panels, part + 1, parts)),
                  new Desk.Range(cut(c.rows(), run, runs), cut(c.rows(), run + 1, runs)));
        });
  }

  /// A copy for tiles that read arrays, without gaps between rows.
  private float[] copy(Matrix a) {
    int size = form.copied(a.rows(), a.cols());
    if (left.length < size) {
      left = new float[size];
    }
    if (size > 0) {
      team.ranges(
          a.rows(),
          Math.max(1, 65_536 / a.cols()),
          (from, to) -> {
            for (int row = from; row < to; row++) {
              MemorySegment.copy(
                  Matrix.MEMORY,
                  ValueLayout.JAVA_FLOAT_UNALIGNED,
                  a.row(row),
                  left,
                  row * a.cols(),
                  a.cols());
            }
          });
    }
    return left;
  }

  /// How many runs of rows are pieces of their own: one, unless threads would have nothing to do.
  private int runs(int parts, int rows) {
    return Math.clamp((2L * team.size() + parts - 1) / parts, 1, Math.max(1, rows / ROWS));
  }

  private static int cut(int count, int part, int parts) {
    return (int) ((long) count * part / parts);
  }

  private Desk desk(int seat) {
    @Nullable Desk known = desks[seat];
    if (known == null) {
      known = new Desk(form);
      desks[seat] = known;
    }
    return known;
  }

  /// Frees the memory of its threads; not that of packed weights.
  @Override
  public void close() {
    betweenProducts(() -> {
      for (int seat = 0; seat < desks.length; seat++) {
        Desk desk = desks[seat];
        desks[seat] = null;
        if (desk != null) {
          desk.close();
        }
      }
    });
  }
}
