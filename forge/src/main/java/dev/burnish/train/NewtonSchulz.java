package dev.burnish.train;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.Output;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;

/// The nearest matrix with orthonormal rows or columns, roughly: singular values go towards 1, the
/// directions stay.
///
/// Each iteration is the odd polynomial `X = a X + (b A + c A A) X` with `A = X X'`, whose
/// coefficients are chosen for a steep slope at zero: after five, singular values lie between about
/// 0.7 and 1.2. Source: Keller Jordan, "Muon", github.com/KellerJordan/Muon, which computes in BF16
/// where this is F32.
final class NewtonSchulz {
  private static final double A = 3.4445;
  private static final double B = -4.7750;
  private static final double C = 2.0315;

  private NewtonSchulz() {}

  /// @param g_NK not changed
  /// @return the caller's to close
  static Tensor orthogonalize(Kernels kernels, Tensor g_NK, int iterations) {
    boolean tall = g_NK.size(0) > g_NK.size(1);
    Tensor result = Tensor.empty(DType.F32, g_NK.device(), g_NK.shape());
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = (tall ? g_NK.transpose(0, 1) : g_NK).contiguous();
      x = x.mul(1 / (Math.sqrt(kernels.sumOfSquares(x)) + 1e-7));
      long rows = x.size(0);
      Tensor gram = Tensor.empty(DType.F32, g_NK.device(), rows, rows);
      Tensor square = Tensor.empty(DType.F32, g_NK.device(), rows, rows);
      Tensor next = Tensor.empty(DType.F32, g_NK.device(), x.shape());
      for (int i = 0; i < iterations; i++) {
        kernels.linear(x, x, null, gram, Output.OVERWRITE, Numerics.FASTEST);
        // A symmetric matrix times itself.
        kernels.linear(gram, gram, null, square, Output.OVERWRITE, Numerics.FASTEST);
        square.mul_(C).add_(gram.mul_(B));
        next.copy_(x).mul_(A);
        kernels.linearBackwardInput(square, x, next, Output.ADD);
        Tensor used = x;
        x = next;
        next = used;
      }
      result.copy_(tall ? x.transpose(0, 1) : x);
    }
    return result;
  }
}
