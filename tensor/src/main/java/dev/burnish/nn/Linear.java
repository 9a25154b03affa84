package dev.burnish.nn;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.PreparedWeight;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.Output;
import dev.burnish.nn.Gradients.Written;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A matrix of a decoder, made of one module or of several whose outputs are adjacent columns, with
/// the low-rank changes of the adapted ones.
///
/// No gradients are computed for frozen parameters.
final class Linear {
  private final Kernels kernels;
  private final Parameters parameters;
  private final List<String> modules;
  private final long[] shape;
  private final Tensor w_NK;
  private final @Nullable Tensor bias_N;
  private final Numerics invariant;
  private final List<LowRank> changes = new ArrayList<>();

  /// @param invariant what [Numerics#BATCH_INVARIANT] is for this matrix
  private Linear(
      Kernels kernels,
      Parameters parameters,
      List<String> modules,
      Optional<String> bias,
      Numerics invariant) {
    this.kernels = kernels;
    this.invariant = invariant;
    this.parameters = parameters;
    this.modules = modules;
    long rows = modules.stream().mapToLong(module -> weight(module).shape()[0]).sum();
    shape = new long[] {rows, weight(modules.getFirst()).shape()[1]};
    w_NK = parameters.fused(modules.getFirst() + ".weight", shape);
    bias_N = bias.map(first -> parameters.fused(first, rows)).orElse(null);
  }

  /// @param modules names without `.weight`, adjacent in the parameters
  static Linear withoutBias(Kernels kernels, Parameters parameters, String... modules) {
    return new Linear(
        kernels, parameters, List.of(modules), Optional.empty(), Numerics.BATCH_INVARIANT);
  }

  /// Each module has a bias, under its name with `.bias`.
  ///
  /// @param modules as [#withoutBias]
  static Linear withBias(Kernels kernels, Parameters parameters, String... modules) {
    return new Linear(
        kernels,
        parameters,
        List.of(modules),
        Optional.of(modules[0] + ".bias"),
        Numerics.BATCH_INVARIANT);
  }

  /// The same matrix as one whose inputs ranks that share a block divide among them: heads, or
  /// columns of the multi-layer perceptron.
  Linear ofDividedInputs() {
    Optional<String> bias =
        bias_N == null ? Optional.empty() : Optional.of(modules.getFirst() + ".bias");
    return new Linear(kernels, parameters, modules, bias, Numerics.DIVISIBLE);
  }

  private ParameterSpec weight(String module) {
    return parameters.layout().spec(module + ".weight");
  }

  /// `out = W x + bias`.
  void forward(Tensor x_TK, Tensor out_TN, PassContext context) {
    forward(x_TK, out_TN, Output.OVERWRITE, context.dropout(), context.numerics());
  }

  /// `out += W x + bias`.
  void addForward(Tensor x_TK, Tensor out_TN, PassContext context) {
    forward(x_TK, out_TN, Output.ADD, context.dropout(), context.numerics());
  }

  void forward(Tensor x_TK, Tensor out_TN, Output output, Dropout dropout, Numerics numerics) {
    Numerics own = numerics == Numerics.BATCH_INVARIANT ? invariant : numerics;
    kernels.linear(x_TK, w_NK, bias_N, out_TN, output, own);
    changes.forEach(change -> change.forward(x_TK, out_TN, dropout, own));
  }

  /// The matrix without its changes, `[N, K]`, to be prepared for [#infer].
  Tensor matrix() {
    return w_NK;
  }

  /// The same matrix in other values of the part, a view.
  Tensor matrix(Tensor values) {
    return Parameters.view(
        values, parameters.layout().offset(modules.getFirst() + ".weight"), shape);
  }

  /// [#forward] with the prepared matrix, without dropout.
  void infer(PreparedWeight prepared, Tensor x_TK, Tensor out_TN, Output output) {
    kernels.linear(x_TK, prepared, bias_N, out_TN, output, invariant);
    changes.forEach(change -> change.forward(x_TK, out_TN, Dropout.NONE, invariant));
  }

  /// Adds to the gradients of the trained parameters.
  void backwardWeight(Tensor dy_TN, Tensor x_TK, Dropout dropout) {
    changes.forEach(change -> change.backwardWeight(dy_TN, x_TK, dropout));
    try (TensorScope _ = TensorScope.open()) {
      for (Span span : trained(".weight")) {
        Written dw_NK = parameters.gradients().written(span.first(), span.columns(), shape[1]);
        kernels.linearBackwardWeight(span.of(dy_TN), x_TK, dw_NK.view(), dw_NK.output());
      }
      for (Span span : bias_N != null ? trained(".bias") : List.<Span>of()) {
        kernels.biasBackward(
            span.of(dy_TN), parameters.gradients().of(span.first(), span.columns()));
      }
    }
  }

  /// Columns of the output that adjacent modules make.
  ///
  /// @param first name of their first parameter
  private record Span(String first, long column, long columns) {
    Tensor of(Tensor y_TN) {
      return columns == y_TN.size(1) ? y_TN : y_TN.narrow(1, column, columns);
    }

    boolean endsAt(long next) {
      return column + columns == next;
    }
  }

  /// The modules of which a parameter is trained, adjacent ones together.
  ///
  /// @param end of the parameter's name
  private List<Span> trained(String end) {
    List<Span> spans = new ArrayList<>();
    long column = 0;
    for (String module : modules) {
      long rows = weight(module).shape()[0];
      if (!parameters.gradients().areFrozen(module + end)) {
        boolean adjacent = !spans.isEmpty() && spans.getLast().endsAt(column);
        Span begun = adjacent ? spans.removeLast() : new Span(module + end, column, 0);
        spans.add(new Span(begun.first(), begun.column(), begun.columns() + rows));
      }
      column += rows;
    }
    return spans;
  }

  /// Writes the gradient of the input.
  void backwardInput(Tensor dy_TN, Tensor dx_TK, Dropout dropout) {
    kernels.linearBackwardInput(dy_TN, w_NK, dx_TK, Output.OVERWRITE);
    changes.forEach(change -> change.backwardInput(dy_TN, dx_TK, dropout));
  }

  /// Specs of the LoRA parameters of the modules that `config` selects.
  List<ParameterSpec> adapterSpecs(LoraConfig config) {
    List<ParameterSpec> specs = new ArrayList<>();
    for (String module : modules) {
      if (config.matches(module)) {
        specs.addAll(LowRank.specs(module, config.rank(), weight(module).shape()));
      }
    }
    return specs;
  }

  /// Adapts the modules that a configuration names.
  ///
  /// @param adapter holds the parameters of [#adapterSpecs]
  void adapt(LoraConfig config, Parameters adapter) {
    long column = 0;
    for (String module : modules) {
      if (config.matches(module)) {
        changes.add(new LowRank(kernels, module, adapter, config.scale(), column));
      }
      column += weight(module).shape()[0];
    }
  }

  /// Sets the parameters of the adapter to those that training begins with.
  void initializeAdapter(long seed) {
    changes.forEach(change -> change.initialize(seed));
  }

  /// Adds the changes of another matrix of the same modules to this one itself.
  void merge(Linear adapted) {
    adapted.changes.forEach(change -> change.mergeInto(w_NK));
  }

  List<String> modules() {
    return modules;
  }
}
