package dev.burnish.kernel;

import dev.burnish.kernel.AttentionTile.Run;
import dev.burnish.kernel.Kernels.Heads;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToLongFunction;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Attention of a generator: the bits of a row depend on its query and on its keys in order of
/// position, whatever spans they lie in and whatever other rows there are.
///
/// Idea: a score is the sum of two chains of fused multiply-adds, over the first half of the
/// dimensions of a head and over the second, in one lane ([PanelKeyValues]). The output is one
/// chain over the positions, which continues from panel to panel in memory. Rows that share a run
/// of keys, and the query heads that share a key head, are computed three or four at a time, which
/// reads a key once and keeps two multipliers busy. A hidden key has probability 0 and changes
/// nothing. Keys whose slots are not in step with their positions are copied to panels of the piece
/// first.
final class InvariantAttention {
  private static final int WIDTH = Lanes.WIDTH;
  private static final int TOKENS = PanelKeyValues.TOKENS;
  private static final int LOG_TOKENS = Integer.numberOfTrailingZeros(TOKENS);

  /// Bytes from one dimension of a key to the next.
  private static final long STEP = 4L * TOKENS;

  /// Rows of one head, or of all that share their keys, whose scores fit the second-level cache.
  private static final int MOST_ROWS = 64;

  /// The matrices that are read and written, and the cache.
  record Tensors(Matrix q, PanelKeyValues keyValues, Matrix out) {}

  private InvariantAttention() {}

  static void forward(Team team, AttentionPlan plan, Heads heads, Tensors tensors) {
    List<AttentionTile> tiles = plan.tiles().stream().flatMap(List::stream).toList();
    team.run(
        tiles.size() * heads.keyValue(),
        piece -> {
          AttentionTile tile = tiles.get(piece / heads.keyValue());
          int kvHead = piece % heads.keyValue();
          int perKeyValue = heads.query() / heads.keyValue();
          int together = tile.rows() * perKeyValue <= MOST_ROWS ? perKeyValue : 1;
          Piece rows = new Piece(tile, plan.window(), tensors, kvHead, together);
          try (Scratch scratch = new Scratch(4L * rows.floats())) {
            for (int head = 0; head < perKeyValue; head += together) {
              rows.forward(kvHead * perKeyValue + head, scratch.address());
            }
          }
        });
  }

  /// A tile's rows for some query heads that share a key head. Row `i` of head `h` has the scores
  /// of row `i * together + h`.
  private record Piece(AttentionTile tile, int window, Tensors tensors, int kvHead, int together) {
    private PanelKeyValues keyValues() {
      return tensors.keyValues();
    }

    private int dim() {
      return keyValues().heads().dim();
    }

    /// Floats from one row of scores to the next: whole vectors are written.
    private int stride() {
      return (tile.columns() / TOKENS + 1) * TOKENS;
    }

    /// Floats of a run's panels that are copied: of keys, or of values.
    private int copied() {
      int most = 0;
      for (Run run : tile.runs()) {
        most = Math.max(most, run.inStep() ? 0 : run.numPanels());
      }
      return most * TOKENS * dim();
    }

    long floats() {
      return (long) tile.rows() * together * stride() + copied() + 4L * TOKENS;
    }

    void forward(int firstHead, long scratch) {
      long panels = scratch + 4L * tile.rows() * together * stride();
      long[] q = rows(tensors.q(), firstHead);
      long[] out = rows(tensors.out(), firstHead);
      for (Run run : tile.runs()) {
        scores(run, q, scratch, panels);
      }
      for (int row = 0; row < q.length; row++) {
        softmax(row / together, scratch + 4L * row * stride());
        Lanes.zero(out[row], dim());
      }
      for (Run run : tile.runs()) {
        combine(run, out, scratch, panels);
      }
    }

    private long[] rows(Matrix matrix, int firstHead) {
      long[] addresses = new long[tile.rows() * together];
      for (int i = 0; i < addresses.length; i++) {
        addresses[i] =
            matrix.row(tile.queryStart() + i / together) + 4L * (firstHead + i % together) * dim();
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

    /// Scores of the rows that see a run.
    private void scores(Run run, long[] q, long scores, long room) {
      long[] panels = keys(run, room);
      long[] at = new long[8];
      int end = (run.firstRow() + run.rows()) * together;
      int group = group(run);
      for (int row = run.firstRow() * together; row < end; row += group) {
        for (int i = 0; i < group; i++) {
          int one = Math.min(row + i, end - 1); // past the end the last row again, with equal bits
          at[i] = q[one];
          at[4 + i] = scores + 4L * one * stride();
        }
        scores(run, at, group, panels, lastColumn(run, row, Math.min(row + group, end)));
      }
    }

    private void scores(Run run, long[] at, int group, long[] panels, int end) {
      int first = run.column() / TOKENS * TOKENS;
      int from = (run.column() - first) / WIDTH;
      int to = (end - first + WIDTH - 1) / WIDTH;
      int kept = run.column() - first - from * WIDTH;
      // Scores of earlier runs that the first vector covers.
      float[] before = new float[group * kept];
      for (int i = 0; i < before.length; i++) {
        before[i] = Matrix.get(at[4 + i / kept] + 4L * (first + from * WIDTH + i % kept));
      }
      for (int i = 0; i < group; i++) {
        at[4 + i] += 4L * first;
      }
      float scale = keyValues().heads().scale();
      if (group == 4) {
        scoresOfFour(at, panels, from, to, dim(), scale);
      } else {
        scoresOfThree(at, panels, from, to, dim(), scale);
      }
      for (int i = 0; i < before.length; i++) {
        Matrix.set(at[4 + i / kept] + 4L * (from * WIDTH + i % kept), before[i]);
      }
    }

    /// Rows that are computed together: a multiple of the rows of a run where one is.
    private int group(Run run) {
      int rows = run.rows() * together;
      return rows <= 3 || (rows % 4 != 0 && rows % 3 == 0) ? 3 : 4;
    }

    /// The end of the columns of a run that one of the rows sees.
    private int lastColumn(Run run, int row, int end) {
      int last = run.column();
      for (int i = row; i < end; i++) {
        last = Math.max(last, tile.positions()[i / together]);
      }
      return Math.min(last + 1, run.column() + run.length());
    }

    /// Adds the values of a run to the rows that see it, weighted by their probabilities.
    private void combine(Run run, long[] out, long scores, long room) {
      long[] panels = values(run, room);
      long[] at = new long[8];
      int end = (run.firstRow() + run.rows()) * together;
      int group = group(run);
      for (int row = run.firstRow() * together; row < end; row += group) {
        int last = Math.min(row + group, end);
        for (int i = 0; i < last - row; i++) {
          at[i] = scores + 4L * ((long) (row + i) * stride() + run.column());
          at[4 + i] = out[row + i];
        }
        int length = lastColumn(run, row, last) - run.column();
        combine(at, last - row, panels, run.column() % TOKENS, length);
      }
    }

    private void combine(long[] at, int rows, long[] panels, int from, int length) {
      Columns columns = new Columns(dim(), dim() / (2 * WIDTH) * (2 * WIDTH));
      switch (rows) {
        case 4 -> combineFour(at, panels, from, length, columns);
        case 3 -> combineThree(at, panels, from, length, columns);
        default -> columns = new Columns(dim(), 0);
      }
      for (int row = 0; row < rows && columns.whole() < columns.all(); row++) {
        combineRest(at[row], at[4 + row], panels, from, length, columns);
      }
    }

    /// The panels of the keys of a run, copied to `room` unless they can be read where they are.
    private long[] keys(Run run, long room) {
      if (run.inStep()) {
        return panels(run, panel -> keyValues().keys(run.panel(panel), kvHead));
      }
      long[] panels = panels(run, panel -> place(room, panel));
      for (int i = 0; i < run.length(); i++) {
        long key = keyValues().keyOf(run.keyRows()[i], kvHead);
        keyValues().copyKey(key, panel(panels, run, i) + 4L * ((run.column() + i) % TOKENS));
      }
      return panels;
    }

    /// The same of the values.
    private long[] values(Run run, long room) {
      if (run.inStep()) {
        return panels(run, panel -> keyValues().values(run.panel(panel), kvHead));
      }
      long[] panels = panels(run, panel -> place(room, panel));
      for (int i = 0; i < run.length(); i++) {
        long value = keyValues().valueOf(run.keyRows()[i], kvHead);
        long offset = 4L * ((run.column() + i) % TOKENS) * dim();
        Lanes.copy(panel(panels, run, i) + offset, value, dim());
      }
      return panels;
    }

    private static long[] panels(Run run, IntToLongFunction address) {
      long[] panels = new long[run.numPanels()];
      Arrays.setAll(panels, address);
      return panels;
    }

    private long place(long room, int panel) {
      long aligned = (room + STEP - 1) / STEP * STEP;
      return aligned + STEP * dim() * panel;
    }

    private static long panel(long[] panels, Run run, int key) {
      return panels[(run.column() + key) / TOKENS - run.column() / TOKENS];
    }
  }

  /// Columns of a head, and those that are taken two vectors at a time.
  private record Columns(int all, int whole) {}

  private static FloatVector all(long row, int index) {
    return FloatVector.broadcast(Lanes.SPECIES, Matrix.get(row + 4L * index));
  }

  /// The address of a vector of keys: the `chunk`-th of a run's panels.
  private static long chunk(long[] panels, int chunk) {
    int key = chunk * WIDTH;
    return panels[key / TOKENS] + 4L * (key % TOKENS);
  }

  /// Scores of four queries against the vectors `[from, to)` of keys.
  ///
  /// @param at addresses of the queries, then of the scores of the first panel's first key
  private static void scoresOfFour(
      long[] at, long[] panels, int from, int to, int dim, float scale) {
    int half = dim / 2;
    long q0 = at[0];
    long q1 = at[1];
    long q2 = at[2];
    long q3 = at[3];
    for (int chunk = from; chunk < to; chunk++) {
      long keys = chunk(panels, chunk);
      long others = keys + STEP * half;
      FloatVector a0 = FloatVector.zero(Lanes.SPECIES);
      FloatVector b0 = FloatVector.zero(Lanes.SPECIES);
      FloatVector a1 = FloatVector.zero(Lanes.SPECIES);
      FloatVector b1 = FloatVector.zero(Lanes.SPECIES);
      FloatVector a2 = FloatVector.zero(Lanes.SPECIES);
      FloatVector b2 = FloatVector.zero(Lanes.SPECIES);
      FloatVector a3 = FloatVector.zero(Lanes.SPECIES);
      FloatVector b3 = FloatVector.zero(Lanes.SPECIES);
      for (int d = 0; d < half; d++) {
        FloatVector a = Lanes.load(keys, TOKENS * d);
        FloatVector b = Lanes.load(others, TOKENS * d);
        a0 = a.fma(all(q0, d), a0);
        b0 = b.fma(all(q0, half + d), b0);
        a1 = a.fma(all(q1, d), a1);
        b1 = b.fma(all(q1, half + d), b1);
        a2 = a.fma(all(q2, d), a2);
        b2 = b.fma(all(q2, half + d), b2);
        a3 = a.fma(all(q3, d), a3);
        b3 = b.fma(all(q3, half + d), b3);
      }
      if (2 * half < dim) {
        FloatVector b = Lanes.load(others, TOKENS * half);
        b0 = b.fma(all(q0, 2 * half), b0);
        b1 = b.fma(all(q1, 2 * half), b1);
        b2 = b.fma(all(q2, 2 * half), b2);
        b3 = b.fma(all(q3, 2 * half), b3);
      }
      int column = chunk * WIDTH;
      Lanes.store(a0.add(b0).mul(scale), at[4], column);
      Lanes.store(a1.add(b1).mul(scale), at[5], column);
      Lanes.store(a2.add(b2).mul(scale), at[6], column);
      Lanes.store(a3.add(b3).mul(scale), at[7], column);
    }
  }

  /// The same of three.
  private static void scoresOfThree(
      long[] at, long[] panels, int from, int to, int dim, float scale) {
    int half = dim / 2;
    long q0 = at[0];
    long q1 = at[1];
    long q2 = at[2];
    for (int chunk = from; chunk < to; chunk++) {
      long keys = chunk(panels, chunk);
      long others = keys + STEP * half;
      FloatVector a0 = FloatVector.zero(Lanes.SPECIES);
      FloatVector b0 = FloatVector.zero(Lanes.SPECIES);
      FloatVector a1 = FloatVector.zero(Lanes.SPECIES);
      FloatVector b1 = FloatVector.zero(Lanes.SPECIES);
      FloatVector a2 = FloatVector.zero(Lanes.SPECIES);
      FloatVector b2 = FloatVector.zero(Lanes.SPECIES);
      for (int d = 0; d < half; d++) {
        FloatVector a = Lanes.load(keys, TOKENS * d);
        FloatVector b = Lanes.load(others, TOKENS * d);
        a0 = a.fma(all(q0, d), a0);
        b0 = b.fma(all(q0, half + d), b0);
        a1 = a.fma(all(q1, d), a1);
        b1 = b.fma(all(q1, half + d), b1);
        a2 = a.fma(all(q2, d), a2);
        b2 = b.fma(all(q2, half + d), b2);
      }
      if (2 * half < dim) {
        FloatVector b = Lanes.load(others, TOKENS * half);
        b0 = b.fma(all(q0, 2 * half), b0);
        b1 = b.fma(all(q1, 2 * half), b1);
        b2 = b.fma(all(q2, 2 * half), b2);
      }
      int column = chunk * WIDTH;
      Lanes.store(a0.add(b0).mul(scale), at[4], column);
      Lanes.store(a1.add(b1).mul(scale), at[5], column);
      Lanes.store(a2.add(b2).mul(scale), at[6], column);
    }
  }

  /// The address of the `token`-th value of some panels.
  private static long value(long[] panels, int token, long step) {
    return panels[token >> LOG_TOKENS] + step * (token & (TOKENS - 1));
  }

  /// Adds `length` values, weighted by four rows' probabilities, to four rows of the output.
  ///
  /// @param at addresses of the rows' probabilities, then of their outputs
  /// @param from the first token in the first panel
  private static void combineFour(long[] at, long[] panels, int from, int length, Columns columns) {
    long step = 4L * columns.all();
    long p0 = at[0];
    long p1 = at[1];
    long p2 = at[2];
    long p3 = at[3];
    for (int column = 0; column < columns.whole(); column += 2 * WIDTH) {
      int next = column + WIDTH;
      FloatVector a0 = Lanes.load(at[4], column);
      FloatVector b0 = Lanes.load(at[4], next);
      FloatVector a1 = Lanes.load(at[5], column);
      FloatVector b1 = Lanes.load(at[5], next);
      FloatVector a2 = Lanes.load(at[6], column);
      FloatVector b2 = Lanes.load(at[6], next);
      FloatVector a3 = Lanes.load(at[7], column);
      FloatVector b3 = Lanes.load(at[7], next);
      for (int j = 0; j < length; j++) {
        long row = value(panels, from + j, step);
        FloatVector a = Lanes.load(row, column);
        FloatVector b = Lanes.load(row, next);
        FloatVector w = all(p0, j);
        a0 = a.fma(w, a0);
        b0 = b.fma(w, b0);
        w = all(p1, j);
        a1 = a.fma(w, a1);
        b1 = b.fma(w, b1);
        w = all(p2, j);
        a2 = a.fma(w, a2);
        b2 = b.fma(w, b2);
        w = all(p3, j);
        a3 = a.fma(w, a3);
        b3 = b.fma(w, b3);
      }
      Lanes.store(a0, at[4], column);
      Lanes.store(b0, at[4], next);
      Lanes.store(a1, at[5], column);
      Lanes.store(b1, at[5], next);
      Lanes.store(a2, at[6], column);
      Lanes.store(b2, at[6], next);
      Lanes.store(a3, at[7], column);
      Lanes.store(b3, at[7], next);
    }
  }

  /// The same for three rows.
  private static void combineThree(
      long[] at, long[] panels, int from, int length, Columns columns) {
    long step = 4L * columns.all();
    long p0 = at[0];
    long p1 = at[1];
    long p2 = at[2];
    for (int column = 0; column < columns.whole(); column += 2 * WIDTH) {
      int next = column + WIDTH;
      FloatVector a0 = Lanes.load(at[4], column);
      FloatVector b0 = Lanes.load(at[4], next);
      FloatVector a1 = Lanes.load(at[5], column);
      FloatVector b1 = Lanes.load(at[5], next);
      FloatVector a2 = Lanes.load(at[6], column);
      FloatVector b2 = Lanes.load(at[6], next);
      for (int j = 0; j < length; j++) {
        long row = value(panels, from + j, step);
        FloatVector a = Lanes.load(row, column);
        FloatVector b = Lanes.load(row, next);
        FloatVector w = all(p0, j);
        a0 = a.fma(w, a0);
        b0 = b.fma(w, b0);
        w = all(p1, j);
        a1 = a.fma(w, a1);
        b1 = b.fma(w, b1);
        w = all(p2, j);
        a2 = a.fma(w, a2);
        b2 = b.fma(w, b2);
      }
      Lanes.store(a0, at[4], column);
      Lanes.store(b0, at[4], next);
      Lanes.store(a1, at[5], column);
      Lanes.store(b1, at[5], next);
      Lanes.store(a2, at[6], column);
      Lanes.store(b2, at[6], next);
    }
  }

  /// The same for one row, from the first column on that is left: all, or the last ones of a head
  /// whose width is no multiple of two vectors.
  private static void combineRest(
      long p, long out, long[] panels, int from, int length, Columns columns) {
    long step = 4L * columns.all();
    for (int column = columns.whole(); column < columns.all(); column += WIDTH) {
      VectorMask<Float> mask = Lanes.tail(column, columns.all());
      FloatVector sum = Lanes.load(out, column, mask);
      for (int j = 0; j < length; j++) {
        long value = value(panels, from + j, step);
        sum = Lanes.load(value, column, mask).fma(all(p, j), sum);
      }
      Lanes.store(sum, out, column, mask);
    }
  }
}
