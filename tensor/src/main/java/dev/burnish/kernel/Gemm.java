package dev.burnish.kernel;

import dev.burnish.tensor.NativeFunctions;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Single-precision matrix products on the calling thread: those of attention, whose operands are
/// used once and in place. OpenBLAS, and plain Java for few rows. OpenBLAS's own threads are not
/// used: they would spin against libtorch's and against the team.
final class Gemm {
  private static final int ROW_MAJOR = 101;
  private static final int NO_TRANS = 111;
  private static final int TRANS = 112;

  /// Multiplications up to which [SmallGemm] is faster than calling OpenBLAS.
  private static final int SMALL = 8_192;

  private static final class Blas {
    static final MethodHandle SGEMM = find();

    private static MethodHandle find() {
      var i = ValueLayout.JAVA_INT;
      var f = ValueLayout.JAVA_FLOAT;
      var address = ValueLayout.JAVA_LONG;
      return NativeFunctions.ofLibtorch(
          "cblas_sgemm",
          FunctionDescriptor.ofVoid(i, i, i, i, i, i, f, address, i, address, i, f, address, i));
    }
  }

  private Gemm() {}

  /// `C = alpha A B' + beta C` on the calling thread.
  static void timesTransposed(float alpha, Matrix a, Matrix b, float beta, Matrix c) {
    if (isSmall(c, a.cols())) {
      SmallGemm.timesTransposed(alpha, a, b, beta, c);
    } else {
      sgemm(NO_TRANS, TRANS, a.cols(), alpha, a, b, beta, c);
    }
  }

  /// `C = A B + beta C` on the calling thread.
  static void times(Matrix a, Matrix b, float beta, Matrix c) {
    if (isSmall(c, a.cols())) {
      SmallGemm.times(a, b, beta, c);
    } else {
      sgemm(NO_TRANS, NO_TRANS, a.cols(), 1f, a, b, beta, c);
    }
  }

  /// `C = A' B + beta C` on the calling thread.
  static void transposedTimes(Matrix a, Matrix b, float beta, Matrix c) {
    if (isSmall(c, a.rows())) {
      SmallGemm.transposedTimes(a, b, beta, c);
    } else {
      sgemm(TRANS, NO_TRANS, a.rows(), 1f, a, b, beta, c);
    }
  }

  private static boolean isSmall(Matrix c, int inner) {
    return (long) c.rows() * c.cols() * inner <= SMALL;
  }

  private static void sgemm(
      int transA, int transB, int inner, float alpha, Matrix a, Matrix b, float beta, Matrix c) {
    try {
      Blas.SGEMM.invokeExact(
          ROW_MAJOR,
          transA,
          transB,
          c.rows(),
          c.cols(),
          inner,
          alpha,
          a.address(),
          a.stride(),
          b.address(),
          b.stride(),
          beta,
          c.address(),
          c.stride());
    } catch (Throwable t) {
      throw new IllegalStateException("cblas_sgemm failed: " + t.getMessage(), t);
    }
  }
}
