package dev.burnish.train;

import dev.burnish.kernel.Kernels;
import dev.burnish.nn.Parameters;
import dev.burnish.tensor.Tensor;
import dev.burnish.train.TrainingDiverged.Where;
import java.util.List;

/// Finds what is not finite, once something is.
final class Divergence {
  private Divergence() {}

  /// @param part where a gradient was found; for a loss, its cause may be weights anywhere
  static TrainingDiverged find(
      String what,
      long step,
      List<Parameters> parts,
      int part,
      List<MicroBatch> batches,
      boolean updated,
      double loss,
      double norm) {
    List<String> ids = batches.stream().flatMap(batch -> batch.ids().stream()).toList();
    for (Parameters candidate : parts) {
      String name = firstNotFinite(candidate, candidate.values());
      if (!name.isEmpty()) {
        return new TrainingDiverged(new Where(step, "weights", name, ids, updated), loss, norm);
      }
    }
    String name =
        what.equals("gradient") ? firstNotFinite(parts.get(part), parts.get(part).gradients()) : "";
    return new TrainingDiverged(new Where(step, what, name, ids, updated), loss, norm);
  }

  private static String firstNotFinite(Parameters part, Tensor flat) {
    Kernels kernels = Kernels.of(flat.device());
    for (String name : part.names()) {
      try (Tensor run = flat.narrow(0, part.offset(name), part.spec(name).size())) {
        if (!Double.isFinite(kernels.sumOfSquares(run))) {
          return name;
        }
      }
    }
    return "";
  }
}
