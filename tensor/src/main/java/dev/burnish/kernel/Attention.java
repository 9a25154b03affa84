package dev.burnish.kernel;

import dev.burnish.kernel.AttentionPlan.Node;
import dev.burnish.kernel.Kernels.Heads;
import java.util.ArrayList;
import java.util.List;

/// Exact softmax attention over an [AttentionPlan], in tiles of query rows.
///
/// Idea: a tile's scores against all the keys it sees are one small matrix in scratch memory, made
/// and used by matrix products of the key and value rows where they lie (no copies, no mask
/// tensor). The forward keeps only the log-sum-exp of each row; the backward makes the
/// probabilities again from it. Keys after the last query of a tile are never computed; within the
/// tile they are set to probability 0. The key gradients of a group of nodes and one key-value head
/// are written by one piece, in order of the nodes, so results do not depend on threads. Source:
/// Dao et al., FlashAttention (the recomputation); the rest is GEMM.
final class Attention {
  /// Query rows of a tile: scores of 64 rows against 2 048 keys are 512 KB, half a second-level
  /// cache.
  private static final int TILE = 64;

  private Attention() {}

  /// One tile: which queries of which node, and for each span how many of its keys they can see.
  private record Tile(AttentionPlan plan, Node node, int first, int rows, int keys, int stride) {
    /// Position of the tile's query `i` among the node's keys.
    int position(int i) {
      return node.numKeys() - node.queries() + first + i;
    }

    /// First key that query `i` sees.
    int low(int i) {
      return plan.window() == AttentionPlan.NO_WINDOW
          ? 0
          : Math.max(0, position(i) - plan.window() + 1);
    }
  }

  private interface SpanBody {
    /// @param column of the score matrix at which the span starts
    void accept(int keyRow, int length, int column);
  }

  private static void spans(Tile tile, SpanBody body) {
    int column = 0;
    for (int s = 0; s < tile.node().spanStarts().length && column < tile.keys(); s++) {
      int length = Math.min(tile.node().spanLengths()[s], tile.keys() - column);
      if (length > 0) {
        body.accept(tile.node().spanStarts()[s], length, column);
      }
      column += length;
    }
  }

  private static List<Tile> tiles(AttentionPlan plan, Node node) {
    List<Tile> tiles = new ArrayList<>();
    for (int first = 0; first < node.queries(); first += TILE) {
      int rows = Math.min(TILE, node.queries() - first);
      int keys = node.numKeys() - node.queries() + first + rows;
      tiles.add(new Tile(plan, node, first, rows, keys, keys));
    }
    return tiles;
  }

  static void forward(
      Team team,
      AttentionPlan plan,
      Heads heads,
      Matrix q,
      Matrix k,
      Matrix v,
      Matrix out,
      Matrix logsumexp) {
    List<Tile> tiles = new ArrayList<>();
    for (Node node : plan.nodes()) {
      tiles.addAll(tiles(plan, node));
    }
    int perKeyValue = heads.query() / heads.keyValue();
    team.run(
        tiles.size() * heads.keyValue(),
        piece -> {
          Tile tile = tiles.get(piece / heads.keyValue());
          int kvHead = piece % heads.keyValue();
          try (Scratch scratch =
              new Scratch(4L * tile.stride() * Math.max(tile.rows(), perKeyValue))) {
            forward(tile, heads, kvHead, q, k, v, out, logsumexp, scratch.address());
          }
        });
  }

  private static void forward(
      Tile tile,
      Heads heads,
      int kvHead,
      Matrix q,
      Matrix k,
      Matrix v,
      Matrix out,
      Matrix logsumexp,
      long scores) {
    int dim = heads.dim();
    int perKeyValue = heads.query() / heads.keyValue();
    int queryRow = tile.node().queryStart() + tile.first();
    // A single query row: its heads are adjacent, so they are the rows of one product.
    boolean together = tile.rows() == 1;
    int passes = together ? 1 : perKeyValue;
    for (int pass = 0; pass < passes; pass++) {
      int head = kvHead * perKeyValue + pass;
      int rows = together ? perKeyValue : tile.rows();
      int stride = together ? dim : q.stride();
      int outStride = together ? dim : out.stride();
      long queries = q.row(queryRow) + 4L * head * dim;
      spans(
          tile,
          (keyRow, length, column) ->
              Gemm.sgemm(
                  false,
                  true,
                  rows,
                  length,
                  dim,
                  heads.scale(),
                  queries,
                  stride,
                  k.row(keyRow) + 4L * kvHead * dim,
                  k.stride(),
                  0f,
                  scores + 4L * column,
                  tile.stride()));
      for (int i = 0; i < rows; i++) {
        int query = together ? 0 : i;
        float lse = softmax(tile, query, scores + 4L * i * tile.stride());
        Matrix.set(logsumexp.row(queryRow + query) + 4L * (together ? head + i : head), lse);
      }
      long output = out.row(queryRow) + 4L * head * dim;
      spans(
          tile,
          (keyRow, length, column) ->
              Gemm.sgemm(
                  false,
                  false,
                  rows,
                  dim,
                  length,
                  1f,
                  scores + 4L * column,
                  tile.stride(),
                  v.row(keyRow) + 4L * kvHead * dim,
                  v.stride(),
                  column == 0 ? 0f : 1f,
                  output,
                  outStride));
    }
  }

  /// Softmax of the keys that query `i` sees; the others become 0. Returns the log-sum-exp.
  private static float softmax(Tile tile, int i, long row) {
    int low = tile.low(i);
    int visible = tile.position(i) + 1 - low;
    long start = row + 4L * low;
    float max = SoftmaxRows.max(start, visible);
    float sum = SoftmaxRows.expInPlace(start, visible, 1f, max);
    SoftmaxRows.scale(start, visible, 1 / sum);
    blank(tile, i, row);
    return (float) (max + Math.log(sum));
  }

  private static void blank(Tile tile, int i, long row) {
    int low = tile.low(i);
    int end = tile.position(i) + 1;
    if (low > 0) {
      Lanes.zero(row, low);
    }
    if (end < tile.keys()) {
      Lanes.zero(row + 4L * end, tile.keys() - end);
    }
  }

  static void backward(
      Team team,
      AttentionPlan plan,
      Heads heads,
      Matrix[] forward,
      Matrix dOut,
      Matrix dq,
      Matrix dk,
      Matrix dv) {
    List<List<Node>> groups = plan.nodesByGroup();
    team.run(
        groups.size() * heads.keyValue(),
        piece -> {
          int kvHead = piece % heads.keyValue();
          for (Node node : groups.get(piece / heads.keyValue())) {
            for (Tile tile : tiles(plan, node)) {
              try (Scratch scratch = new Scratch(8L * tile.rows() * tile.stride())) {
                backward(tile, heads, kvHead, forward, dOut, dq, dk, dv, scratch.address());
              }
            }
          }
        });
  }

  private static void backward(
      Tile tile,
      Heads heads,
      int kvHead,
      Matrix[] forward,
      Matrix dOut,
      Matrix dq,
      Matrix dk,
      Matrix dv,
      long scratch) {
    Matrix q = forward[0];
    Matrix k = forward[1];
    Matrix v = forward[2];
    Matrix out = forward[3];
    Matrix logsumexp = forward[4];
    int dim = heads.dim();
    int rows = tile.rows();
    int stride = tile.stride();
    long kvColumn = 4L * kvHead * dim;
    int queryRow = tile.node().queryStart() + tile.first();
    int perKeyValue = heads.query() / heads.keyValue();
    long dScores = scratch + 4L * rows * stride;
    for (int head = kvHead * perKeyValue; head < (kvHead + 1) * perKeyValue; head++) {
      long queries = q.row(queryRow) + 4L * head * dim;
      long dOutput = dOut.row(queryRow) + 4L * head * dim;
      long dQueries = dq.row(queryRow) + 4L * head * dim;
      spans(
          tile,
          (keyRow, length, column) -> {
            Gemm.sgemm(
                false,
                true,
                rows,
                length,
                dim,
                heads.scale(),
                queries,
                q.stride(),
                k.row(keyRow) + kvColumn,
                k.stride(),
                0f,
                scratch + 4L * column,
                stride);
            Gemm.sgemm(
                false,
                true,
                rows,
                length,
                dim,
                1f,
                dOutput,
                dOut.stride(),
                v.row(keyRow) + kvColumn,
                v.stride(),
                0f,
                dScores + 4L * column,
                stride);
          });
      for (int i = 0; i < rows; i++) {
        long p = scratch + 4L * i * stride;
        int low = tile.low(i);
        int visible = tile.position(i) + 1 - low;
        float lse = Matrix.get(logsumexp.row(queryRow + i) + 4L * head);
        float delta =
            Lanes.dot(
                dOut.row(queryRow + i) + 4L * head * dim,
                out.row(queryRow + i) + 4L * head * dim,
                dim);
        SoftmaxRows.expInPlace(p + 4L * low, visible, 1f, lse);
        scoreGradient(
            p + 4L * low, dScores + 4L * ((long) i * stride + low), visible, delta, heads.scale());
        blank(tile, i, p);
        blank(tile, i, dScores + 4L * i * stride);
      }
      spans(
          tile,
          (keyRow, length, column) -> {
            Gemm.sgemm(
                true,
                false,
                length,
                dim,
                rows,
                1f,
                scratch + 4L * column,
                stride,
                dOutput,
                dOut.stride(),
                1f,
                dv.row(keyRow) + kvColumn,
                dv.stride());
            Gemm.sgemm(
                true,
                false,
                length,
                dim,
                rows,
                1f,
                dScores + 4L * column,
                stride,
                queries,
                q.stride(),
                1f,
                dk.row(keyRow) + kvColumn,
                dk.stride());
            Gemm.sgemm(
                false,
                false,
                rows,
                dim,
                length,
                1f,
                dScores + 4L * column,
                stride,
                k.row(keyRow) + kvColumn,
                k.stride(),
                column == 0 ? 0f : 1f,
                dQueries,
                dq.stride());
          });
    }
  }

  /// `ds = p (dp - delta) scale`, in place of `dp`.
  private static void scoreGradient(long p, long dp, int count, float delta, float scale) {
    for (int i = 0; i < count; i += Lanes.WIDTH) {
      var mask = Lanes.tail(i, count);
      Lanes.store(
          Lanes.load(dp, i, mask).sub(delta).mul(Lanes.load(p, i, mask)).mul(scale), dp, i, mask);
    }
  }
}
