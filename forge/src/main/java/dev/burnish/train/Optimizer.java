package dev.burnish.train;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.AdamWStep;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/// The state of AdamW for a model: two moments for each part, in flat buffers laid out like its
/// parameters.
final class AdamW implements AutoCloseable {
  /// Adjacent elements of a part that are decayed alike.
  private record Run(int offset, int size, boolean decayed) {}

  private final Kernels kernels;
  private final List<Parameters> parts;
  private final List<Tensor> first = new ArrayList<>();
  private final List<Tensor> second = new ArrayList<>();

  AdamW(Decoder model) {
    kernels = Kernels.of(model.device());
    parts = model.parts();
    for (Parameters part : parts) {
      long size = part.values().size(0);
      first.add(TensorScope.outside(() -> Tensor.zeros(DType.F32, model.device(), size)));
      second.add(TensorScope.outside(() -> Tensor.zeros(DType.F32, model.device(), size)));
    }
  }

  /// Norm over the gradients of all parts.
  double gradientNorm() {
    double sum = 0;
    for (Parameters part : parts) {
      if (part.hasGradients()) {
        sum += kernels.sumOfSquares(part.gradients());
      }
    }
    return Math.sqrt(sum);
  }

  /// Updates every parameter from its gradient times `gradScale`.
  void update(OptimizerConfig config, double lr, long step, double gradScale) {
    for (int i = 0; i < parts.size(); i++) {
      Parameters part = parts.get(i);
      for (Run run : runs(part)) {
        AdamWStep values =
            new AdamWStep(
                lr,
                config.beta1(),
                config.beta2(),
                config.eps(),
                run.decayed() ? config.weightDecay() : 0,
                step,
                gradScale);
        try (TensorScope _ = TensorScope.open()) {
          kernels.adamW(
              values,
              part.values().narrow(0, run.offset(), run.size()),
              part.gradients().narrow(0, run.offset(), run.size()),
              first.get(i).narrow(0, run.offset(), run.size()),
              second.get(i).narrow(0, run.offset(), run.size()));
        }
      }
    }
  }

  private static List<Run> runs(Parameters part) {
    List<Run> runs = new ArrayList<>();
    for (String name : part.names()) {
      Parameters.Spec spec = part.spec(name);
      boolean decayed = spec.shape().length > 1;
      Run last = runs.isEmpty() ? null : runs.getLast();
      if (last != null && last.decayed() == decayed) {
        runs.set(runs.size() - 1, new Run(last.offset(), last.size() + spec.size(), decayed));
      } else {
        runs.add(new Run(part.offset(name), spec.size(), decayed));
      }
    }
    return runs;
  }

  /// The first moments, one tensor a part.
  List<Tensor> first() {
    return first;
  }

  /// The second moments, one tensor a part.
  List<Tensor> second() {
    return second;
  }

  @Override
  public void close() {
    first.forEach(Tensor::close);
    second.forEach(Tensor::close);
  }
}
