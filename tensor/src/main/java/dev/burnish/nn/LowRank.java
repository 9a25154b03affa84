package dev.burnish.nn;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.Output;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.random.RandomGenerator;

/// The low-rank change of one module: `y += scale B A dropout(x)` in the columns of `y` that the
/// module computes, which may be some of those of a fused matrix.
///
/// Shape suffixes: `R` rank, `K` inputs, `N` the module's outputs.
final class LowRank {
  private final Kernels kernels;
  private final String module;
  private final Parameters parameters;
  private final double scale;
  private final long column;
  private final Tensor a_RK;
  private final Tensor b_NR;

  /// @param parameters that hold `A` and `B`
  /// @param column the module's first of the fused matrix's
  LowRank(Kernels kernels, String module, Parameters parameters, double scale, long column) {
    this.kernels = kernels;
    this.module = module;
    this.parameters = parameters;
    this.scale = scale;
    this.column = column;
    a_RK = parameters.value(nameOfA(module));
    b_NR = parameters.value(nameOfB(module));
  }

  static String nameOfA(String module) {
    return module + ".lora_A.weight";
  }

  static String nameOfB(String module) {
    return module + ".lora_B.weight";
  }

  /// @param matrix the shape of the module's
  static List<ParameterSpec> specs(String module, int rank, long... matrix) {
    return List.of(
        new ParameterSpec(nameOfA(module), rank, matrix[1]),
        new ParameterSpec(nameOfB(module), matrix[0], rank));
  }

  /// `A` uniform within `1 / sqrt(K)`, `B` zero, as PEFT initializes them: the change is zero.
  void initialize(long seed) {
    RandomGenerator random = KeyedRandom.of(seed, nameOfA(module), 0);
    double bound = LoraConfig.initialBound(a_RK.size(1));
    float[] values = new float[Math.toIntExact(a_RK.numElements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-bound, bound);
    }
    try (Tensor start = Tensor.of(values, a_RK.shape())) {
      a_RK.copy_(start);
    }
    b_NR.zero_();
  }

  /// Adds the change to the output of the matrix.
  void forward(Tensor x_TK, Tensor out, Dropout dropout, Numerics numerics) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor reduced_TR = reduced(dropout.apply(x_TK, module), numerics);
      kernels.linear(reduced_TR, b_NR, null, columns(out), Output.ADD, numerics);
    }
  }

  /// Adds to the gradients of `A` and `B`.
  void backwardWeight(Tensor dy, Tensor x_TK, Dropout dropout) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor in_TK = dropout.apply(x_TK, module);
      if (!parameters.gradients().areFrozen(nameOfB(module))) {
        kernels.linearBackwardWeight(
            columns(dy),
            reduced(in_TK, Numerics.FASTEST),
            parameters.gradients().of(nameOfB(module)),
            Output.ADD);
      }
      if (!parameters.gradients().areFrozen(nameOfA(module))) {
        kernels.linearBackwardWeight(
            reducedGradient(dy), in_TK, parameters.gradients().of(nameOfA(module)), Output.ADD);
      }
    }
  }

  /// Adds to the gradient of the input.
  void backwardInput(Tensor dy, Tensor dx_TK, Dropout dropout) {
    try (TensorScope _ = TensorScope.open()) {
      if (dropout.drops()) {
        Tensor change_TK = Tensor.empty(DType.F32, dx_TK.device(), dx_TK.shape());
        kernels.linearBackwardInput(reducedGradient(dy), a_RK, change_TK, Output.OVERWRITE);
        dx_TK.add_(dropout.apply(change_TK, module));
      } else {
        kernels.linearBackwardInput(reducedGradient(dy), a_RK, dx_TK, Output.ADD);
      }
    }
  }

  /// Adds the change to the matrix itself, `[fused N, K]`.
  void mergeInto(Tensor w) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor rows_NK = w.narrow(0, column, b_NR.size(0));
      kernels.linearBackwardInput(b_NR.mul(scale), a_RK, rows_NK, Output.ADD);
    }
  }

  /// `scale A x`.
  private Tensor reduced(Tensor x_TK, Numerics numerics) {
    Tensor reduced_TR = Tensor.empty(DType.F32, x_TK.device(), x_TK.size(0), a_RK.size(0));
    kernels.linear(x_TK, a_RK, null, reduced_TR, Output.OVERWRITE, numerics);
    return reduced_TR.mul_(scale);
  }

  /// `scale B' dy`.
  private Tensor reducedGradient(Tensor dy) {
    Tensor d_TR = Tensor.empty(DType.F32, dy.device(), dy.size(0), b_NR.size(1));
    kernels.linearBackwardInput(columns(dy), b_NR, d_TR, Output.OVERWRITE);
    return d_TR.mul_(scale);
  }

  private Tensor columns(Tensor y) {
    return y.narrow(1, column, b_NR.size(0));
  }
}
