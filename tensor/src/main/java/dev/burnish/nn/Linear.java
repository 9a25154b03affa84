package dev.burnish.nn;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.PreparedWeight;
import dev.burnish.kernel.Numerics;
import dev.burnish.nn.Gradients.Written;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A matrix of a decoder, made of one module or of several whose outputs lie side by side, with the
/// low-rank changes of those that are adapted.
///
/// Of frozen parameters no gradient is computed.
final class Linear {
  private final Kernels kernels;
  private final Parameters parameters;
  private final List<String> modules;
  private final long[] shape;
  private final boolean hasBias;
  private final Tensor w_NK;
  private final @Nullable Tensor bias_N;
  private final List<LowRank> changes = new ArrayList<>();

  /// @param hasBias whether each module has one, under its name with `.bias`
  /// @param modules names without `.weight`, adjacent in the parameters
  Linear(Kernels kernels, Parameters parameters, boolean hasBias, String... modules) {
    this.kernels = kernels;
    this.parameters = parameters;
    this.modules = List.of(modules);
    this.hasBias = hasBias;
    long rows = this.modules.stream().mapToLong(module -> weight(module).shape()[0]).sum();
    shape = new long[] {rows, weight(modules[0]).shape()[1]};
    w_NK = parameters.fused(modules[0] + ".weight", shape);
    bias_N = hasBias ? parameters.fused(modules[0] + ".bias", rows) : null;
  }

  private ParameterSpec weight(String module) {
    return parameters.layout().spec(module + ".weight");
  }

  /// `out = W x + bias`, added to `out` where `accumulate` is set.
  void forward(Tensor x_TK, Tensor out_TN, boolean accumulate, Dropout dropout, Numerics numerics) {
    kernels.linear(x_TK, w_NK, bias_N, out_TN, accumulate, numerics);
    changes.forEach(change -> change.forward(x_TK, out_TN, dropout, numerics));
  }

  /// The matrix without its changes, `[N, K]`, to be prepared for [#infer].
  Tensor matrix() {
    return w_NK;
  }

  /// [#forward] with the prepared matrix, without dropout.
  void infer(PreparedWeight prepared, Tensor x_TK, Tensor out_TN, boolean accumulate) {
    kernels.linear(x_TK, prepared, bias_N, out_TN, accumulate);
    changes.forEach(change -> change.forward(x_TK, out_TN, Dropout.NONE, Numerics.BATCH_INVARIANT));
  }

  /// Adds to the gradients of what is trained.
  void backwardWeight(Tensor dy_TN, Tensor x_TK, Dropout dropout) {
    changes.forEach(change -> change.backwardWeight(dy_TN, x_TK, dropout));
    try (TensorScope _ = TensorScope.open()) {
      for (Span span : trained(".weight")) {
        Written dw_NK = parameters.gradients().written(span.first(), span.columns(), shape[1]);
        kernels.linearBackwardWeight(span.of(dy_TN), x_TK, dw_NK.view(), dw_NK.add());
      }
      for (Span span : hasBias ? trained(".bias") : List.<Span>of()) {
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
    kernels.linearBackwardInput(dy_TN, w_NK, dx_TK, false);
    changes.forEach(change -> change.backwardInput(dy_TN, dx_TK, dropout));
  }

  /// The parameters that adapting the modules takes which a configuration names.
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
  void adapt(LoraConfig config, Parameters adapter, long seed) {
    long column = 0;
    for (String module : modules) {
      if (config.matches(module)) {
        LowRank change = new LowRank(kernels, module, adapter, config.scale(), column);
        change.initialize(seed);
        changes.add(change);
      }
      column += weight(module).shape()[0];
    }
  }

  /// Adds the changes of another matrix of the same modules to this one itself.
  void merge(Linear adapted) {
    adapted.changes.forEach(change -> change.mergeInto(w_NK));
  }

  List<String> modules() {
    return modules;
  }
}
