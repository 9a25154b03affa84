package dev.burnish.train;

import dev.burnish.kernel.Kernels;
import dev.burnish.nn.Parameters;
import dev.burnish.tensor.Tensor;
import dev.burnish.train.TrainingDiverged.Where;
import java.util.List;
import java.util.function.Function;

/// Locates the first value that is not finite, once there is one.
final class Divergence {
  private Divergence() {}

  /// @param part where a gradient was found; for a loss, its cause may be weights anywhere
  static TrainingDiverged find(
      String what,
      long step,
      List<Parameters> parts,
      int part,
      List<String> ids,
      boolean updated,
      double loss,
      double norm) {
    for (Parameters candidate : parts) {
      String name = firstNotFinite(candidate, value -> values(candidate, value));
      if (!name.isEmpty()) {
        return new TrainingDiverged(new Where(step, "weights", name, ids, updated), loss, norm);
      }
    }
    String name =
        what.equals("gradient")
            ? firstNotFinite(parts.get(part), parts.get(part).gradients()::of)
            : "";
    return new TrainingDiverged(new Where(step, what, name, ids, updated), loss, norm);
  }

  private static Tensor values(Parameters part, String name) {
    return part.values().narrow(0, part.layout().offset(name), part.layout().spec(name).size());
  }

  /// @param tensor of a name, to be closed
  private static String firstNotFinite(Parameters part, Function<String, Tensor> tensor) {
    Kernels kernels = Kernels.of(part.device());
    for (String name : part.layout().names()) {
      try (Tensor candidate = tensor.apply(name)) {
        if (!Double.isFinite(kernels.sumOfSquares(candidate))) {
          return name;
        }
      }
    }
    return "";
  }
}
