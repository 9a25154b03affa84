package dev.burnish.kernel;

import dev.burnish.kernel.AttentionTile.Span;
import dev.burnish.kernel.Kernels.Heads;
import java.util.List;

/// Exact softmax attention over an [AttentionPlan], in tiles of query rows.
///
/// Idea: a tile's scores against all the keys it sees are one small matrix in scratch memory,
/// computed and used by matrix products of the key and value rows in place (no copies, no mask
/// tensor). The forward keeps only the log-sum-exp of each row; the backward recomputes the
/// probabilities from it. Keys after the last query of a node's tile are never computed; within the
/// tile they are set to probability 0. The key gradients of a group of nodes and one key-value head
/// are written by one piece, in order of the tiles, so results do not depend on threads. Source:
/// Dao et al., FlashAttention (the recomputation); the rest is GEMM.
final class Attention {
  /// The matrices that the forward read and wrote.
  record Forward(Matrix q, Matrix k, Matrix v, Matrix out, Matrix logsumexp) {}

  /// Gradients: that of the output, and those that are written.
  record Gradients(Matrix out, Matrix q, Matrix k, Matrix v) {}

  private Attention() {}

  static void forward(Team team, AttentionPlan plan, Heads heads, Forward tensors) {
    List<AttentionTile> tiles = plan.tiles().stream().flatMap(List::stream).toList();
    team.run(
        tiles.size() * heads.keyValue(),
        piece -> {
          AttentionTile tile = tiles.get(piece / heads.keyValue());
          int kvHead = piece % heads.keyValue();
          int perKeyValue = heads.query() / heads.keyValue();
          try (Scratch scratch = new Scratch(4L * tile.rows() * tile.columns())) {
            for (int head = kvHead * perKeyValue; head < (kvHead + 1) * perKeyValue; head++) {
              forward(tile, plan.window(), heads, head, tensors, scratch.address());
            }
          }
        });
  }

  private static void forward(
      AttentionTile tile, int window, Heads heads, int head, Forward t, long scratch) {
    int dim = heads.dim();
    int stride = tile.columns();
    Matrix q = head(t.q(), head, dim);
    Matrix out = head(t.out(), head, dim);
    int kvHead = head / (heads.query() / heads.keyValue());
    Matrix k = head(t.k(), kvHead, dim);
    Matrix v = head(t.v(), kvHead, dim);
    Matrix scores = new Matrix(scratch, tile.rows(), stride, stride);
    for (Span span : tile.spans()) {
      Gemm.timesTransposed(
          heads.scale(), queries(tile, span, q), keys(span, k), 0f, block(span, scores));
    }
    for (int i = 0; i < tile.rows(); i++) {
      float lse = softmax(tile, window, i, scores.row(i));
      Matrix.set(t.logsumexp().row(tile.queryStart() + i) + 4L * head, lse);
    }
    for (Span span : tile.spans()) {
      Gemm.times(
          block(span, scores),
          keys(span, v),
          span.column() == 0 ? 0f : 1f,
          queries(tile, span, out));
    }
  }

  /// The query rows that see a span.
  private static Matrix queries(AttentionTile tile, Span span, Matrix rows) {
    return rows.rows(tile.queryStart() + span.firstRow(), span.rows());
  }

  private static Matrix keys(Span span, Matrix rows) {
    return rows.rows(span.keyRow(), span.length());
  }

  /// The scores of a span.
  private static Matrix block(Span span, Matrix scores) {
    return scores.block(span.firstRow(), span.rows(), span.column(), span.length());
  }

  private static Matrix head(Matrix matrix, int head, int dim) {
    return matrix.columns(head * dim, dim);
  }

  /// Softmax of the keys that row `i` sees; the others become 0. Returns the log-sum-exp.
  private static float softmax(AttentionTile tile, int window, int i, long row) {
    int low = tile.low(i, window);
    int visible = tile.positions()[i] + 1 - low;
    long start = row + 4L * low;
    float max = SoftmaxRows.max(start, visible);
    float sum = SoftmaxRows.expInPlace(start, visible, 1f, max);
    SoftmaxRows.scale(start, visible, 1 / sum);
    tile.blank(i, window, row);
    return (float) (max + Math.log(sum));
  }

  static void backward(
      Team team, AttentionPlan plan, Heads heads, Forward tensors, Gradients gradients) {
    List<List<AttentionTile>> groups = plan.tiles();
    team.run(
        groups.size() * heads.keyValue(),
        piece -> {
          int kvHead = piece % heads.keyValue();
          int perKeyValue = heads.query() / heads.keyValue();
          for (AttentionTile tile : groups.get(piece / heads.keyValue())) {
            try (Scratch scratch = new Scratch(8L * tile.rows() * tile.columns())) {
              for (int head = kvHead * perKeyValue; head < (kvHead + 1) * perKeyValue; head++) {
                backward(tile, plan.window(), heads, head, tensors, gradients, scratch.address());
              }
            }
          }
        });
  }

  private static void backward(
      AttentionTile tile,
      int window,
      Heads heads,
      int head,
      Forward t,
      Gradients gradients,
      long scratch) {
    int dim = heads.dim();
    int stride = tile.columns();
    Matrix scores = new Matrix(scratch, tile.rows(), stride, stride);
    Matrix dScores = new Matrix(scores.row(tile.rows()), tile.rows(), stride, stride);
    int kvHead = head / (heads.query() / heads.keyValue());
    Matrix q = head(t.q(), head, dim);
    Matrix k = head(t.k(), kvHead, dim);
    Matrix v = head(t.v(), kvHead, dim);
    Matrix out = head(t.out(), head, dim);
    Matrix dOut = head(gradients.out(), head, dim);
    for (Span span : tile.spans()) {
      Gemm.timesTransposed(
          heads.scale(), queries(tile, span, q), keys(span, k), 0f, block(span, scores));
      Gemm.timesTransposed(1f, queries(tile, span, dOut), keys(span, v), 0f, block(span, dScores));
    }
    for (int i = 0; i < tile.rows(); i++) {
      int row = tile.queryStart() + i;
      float delta = Lanes.dot(dOut.row(row), out.row(row), dim);
      float lse = Matrix.get(t.logsumexp().row(row) + 4L * head);
      int low = tile.low(i, window);
      int visible = tile.positions()[i] + 1 - low;
      long p = scores.row(i) + 4L * low;
      SoftmaxRows.expInPlace(p, visible, 1f, lse);
      scoreGradient(p, dScores.row(i) + 4L * low, visible, delta, heads.scale());
      tile.blank(i, window, scores.row(i));
      tile.blank(i, window, dScores.row(i));
    }
    Matrix dq = head(gradients.q(), head, dim);
    Matrix dk = head(gradients.k(), kvHead, dim);
    Matrix dv = head(gradients.v(), kvHead, dim);
    for (Span span : tile.spans()) {
      Matrix ds = block(span, dScores);
      Gemm.transposedTimes(block(span, scores), queries(tile, span, dOut), 1f, keys(span, dv));
      Gemm.transposedTimes(ds, queries(tile, span, q), 1f, keys(span, dk));
      Gemm.times(ds, keys(span, k), span.column() == 0 ? 0f : 1f, queries(tile, span, dq));
    }
  }

  /// `ds = p (dp - delta) scale`, in place of `dp`.
  private static void scoreGradient(long p, long dp, int count, float delta, float scale) {
    int i = 0;
    for (; i < Lanes.bound(count); i += Lanes.WIDTH) {
      Lanes.store(Lanes.load(dp, i).sub(delta).mul(Lanes.load(p, i)).mul(scale), dp, i);
    }
    if (i < count) {
      var mask = Lanes.tail(i, count);
      Lanes.store(
          Lanes.load(dp, i, mask).sub(delta).mul(Lanes.load(p, i, mask)).mul(scale), dp, i, mask);
    }
  }
}
