package dev.burnish.kernel;

/// Matrix products of linear layers over many tokens: every thread of the team computes a part of
/// the result with OpenBLAS, cut between tiles.
final class TiledGemm {
  /// Rows and columns of C of which OpenBLAS makes whole tiles.
  private static final int ROWS = 12;

  private static final int COLUMNS = 16;

  /// Columns that are worth a part.
  private static final int WIDE = 768;

  /// Multiplications that are worth another thread.
  private static final int PART = 100_000;

  private final Team team;

  /// Computes the rows or columns `[from, from + count)` of a result.
  private interface Part {
    void compute(int from, int count);
  }

  TiledGemm(Team team) {
    this.team = team;
  }

  /// `C = A W'`, or `C += A W'`, for A `[m, k]`, W `[n, k]`.
  void timesTransposed(Matrix a, Matrix w, boolean add, Matrix c) {
    float beta = add ? 1f : 0f;
    cut(
        c,
        a.cols(),
        (from, count) ->
            Gemm.timesTransposed(1f, a.rows(from, count), w, beta, c.rows(from, count)),
        (from, count) ->
            Gemm.timesTransposed(1f, a, w.rows(from, count), beta, c.columns(from, count)));
  }

  /// `C = A W`, or `C += A W`, for A `[m, n]`, W `[n, k]`.
  void times(Matrix a, Matrix w, boolean add, Matrix c) {
    float beta = add ? 1f : 0f;
    cut(
        c,
        a.cols(),
        (from, count) -> Gemm.times(a.rows(from, count), w, beta, c.rows(from, count)),
        (from, count) -> Gemm.times(a, w.columns(from, count), beta, c.columns(from, count)));
  }

  /// `C = A' B`, or `C += A' B`, for A `[m, n]`, B `[m, k]`, C `[n, k]`: a gradient of weights from
  /// `m` tokens.
  void transposedTimes(Matrix a, Matrix b, boolean add, Matrix c) {
    float beta = add ? 1f : 0f;
    cut(
        c,
        a.rows(),
        (from, count) -> Gemm.transposedTimes(a.columns(from, count), b, beta, c.rows(from, count)),
        (from, count) ->
            Gemm.transposedTimes(a, b.columns(from, count), beta, c.columns(from, count)));
  }

  /// Cuts C into parts; OpenBLAS packs the other operand for each part, so more parts cost more
  /// than they even out. Between rows it may be cut anywhere without changing a bit, so there is
  /// one part per thread. At the borders of columns some elements are added up in another order, so
  /// those are cut by shape alone.
  private void cut(Matrix c, int inner, Part ofRows, Part ofColumns) {
    boolean rows = c.rows() >= c.cols() / 2;
    int length = rows ? c.rows() : c.cols();
    int tile = rows ? ROWS : COLUMNS;
    int tiles = Math.max(1, length / tile);
    long work = (long) c.rows() * c.cols() * inner;
    int most = rows ? team.size() : Math.clamp(length / WIDE, 2, Team.MOST_PIECES);
    int parts = Math.clamp(work / PART, 1, Math.min(most, tiles));
    Part part = rows ? ofRows : ofColumns;
    team.run(
        parts,
        index -> {
          int from = (int) ((long) tiles * index / parts) * tile;
          int end = (int) ((long) tiles * (index + 1) / parts) * tile;
          part.compute(from, (index == parts - 1 ? length : end) - from);
        });
  }
}
