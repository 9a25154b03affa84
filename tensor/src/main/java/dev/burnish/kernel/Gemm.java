package dev.burnish.kernel;

import dev.burnish.tensor.Libtorch;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Single-precision matrix products: OpenBLAS on the calling thread, split over a [Team].
///
/// OpenBLAS's own threads are not used: they would spin against libtorch's and against the team
/// between products. The larger dimension of the result is cut, into pieces large enough that
/// packing the other operand for each is worth it.
final class Gemm {
  private static final int ROW_MAJOR = 101;
  private static final int NO_TRANS = 111;
  private static final int TRANS = 112;

  /// Rows or columns of a piece where both dimensions are large.
  private static final int PIECE = 384;

  /// ... and where one is small, so that packing costs as much as multiplying.
  private static final int SKINNY_PIECE = 96;

  private static final class Blas {
    static final MethodHandle SGEMM = find();

    private static MethodHandle find() {
      Libtorch.load();
      var i = ValueLayout.JAVA_INT;
      var f = ValueLayout.JAVA_FLOAT;
      var address = ValueLayout.JAVA_LONG;
      var symbol =
          SymbolLookup.loaderLookup()
              .find("cblas_sgemm")
              .orElseThrow(() ->
                  new IllegalStateException(
                      "a matrix product needs cblas_sgemm, which no loaded library has; is openblas on the class path?"));
      return Linker.nativeLinker()
          .downcallHandle(
              symbol,
              FunctionDescriptor.ofVoid(
                  i, i, i, i, i, i, f, address, i, address, i, f, address, i));
    }
  }

  private Gemm() {}

  /// `C = A B' + beta C` for A `[m, k]`, B `[n, k]`.
  static void timesTransposed(Team team, Matrix a, Matrix b, float beta, Matrix c) {
    split(
        team,
        c,
        (row, rows, col, cols) ->
            sgemm(
                NO_TRANS,
                TRANS,
                rows,
                cols,
                a.cols(),
                1f,
                a.row(row),
                a.stride(),
                b.row(col),
                b.stride(),
                beta,
                c.row(row) + 4L * col,
                c.stride()));
  }

  /// `C = A B + beta C` for A `[m, k]`, B `[k, n]`.
  static void times(Team team, Matrix a, Matrix b, float beta, Matrix c) {
    split(
        team,
        c,
        (row, rows, col, cols) ->
            sgemm(
                NO_TRANS,
                NO_TRANS,
                rows,
                cols,
                a.cols(),
                1f,
                a.row(row),
                a.stride(),
                b.row(0) + 4L * col,
                b.stride(),
                beta,
                c.row(row) + 4L * col,
                c.stride()));
  }

  /// `C = A' B + beta C` for A `[k, m]`, B `[k, n]`.
  static void transposedTimes(Team team, Matrix a, Matrix b, float beta, Matrix c) {
    split(
        team,
        c,
        (row, rows, col, cols) ->
            sgemm(
                TRANS,
                NO_TRANS,
                rows,
                cols,
                a.rows(),
                1f,
                a.row(0) + 4L * row,
                a.stride(),
                b.row(0) + 4L * col,
                b.stride(),
                beta,
                c.row(row) + 4L * col,
                c.stride()));
  }

  /// On the calling thread: `C = alpha op(A) op(B) + beta C` with `C` of `m` x `n`; addresses and
  /// strides as cblas has them.
  static void sgemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float alpha,
      long a,
      int strideA,
      long b,
      int strideB,
      float beta,
      long c,
      int strideC) {
    sgemm(
        transposeA ? TRANS : NO_TRANS,
        transposeB ? TRANS : NO_TRANS,
        m,
        n,
        k,
        alpha,
        a,
        strideA,
        b,
        strideB,
        beta,
        c,
        strideC);
  }

  private interface Piece {
    void accept(int row, int rows, int col, int cols);
  }

  private static void split(Team team, Matrix c, Piece piece) {
    boolean skinny = Math.min(c.rows(), c.cols()) <= 128;
    boolean byRows = c.rows() > c.cols();
    team.ranges(
        byRows ? c.rows() : c.cols(),
        skinny ? SKINNY_PIECE : PIECE,
        (from, to) -> {
          if (byRows) {
            piece.accept(from, to - from, 0, c.cols());
          } else {
            piece.accept(0, c.rows(), from, to - from);
          }
        });
  }

  private static void sgemm(
      int transA,
      int transB,
      int m,
      int n,
      int k,
      float alpha,
      long a,
      int strideA,
      long b,
      int strideB,
      float beta,
      long c,
      int strideC) {
    try {
      Blas.SGEMM.invokeExact(
          ROW_MAJOR, transA, transB, m, n, k, alpha, a, strideA, b, strideB, beta, c, strideC);
    } catch (Throwable t) {
      throw new IllegalStateException("cblas_sgemm failed: " + t.getMessage(), t);
    }
  }
}
