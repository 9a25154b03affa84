package dev.burnish.train.memory;

import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import java.util.List;

/// Bytes of a model, and those that training adds for the trained parameters: frozen ones have
/// neither gradients nor moments.
///
/// @param weights all of them, an adaptation's included
/// @param gradients of everything that is trained
/// @param ends the gradients of the embedding, or of the head where those are more
/// @param largestBlock the most gradients of one block
/// @param moments of the optimizer
public record TrainedBytes(
    long weights, long gradients, long ends, long largestBlock, long moments) {
  public static TrainedBytes of(Decoder model, long moments) {
    List<Parameters> trained = model.trained();
    long adaptation = model.lora().adapts() ? model.numTrained() : 0;
    return new TrainedBytes(
        4 * (model.numParameters() + adaptation),
        trained.stream().mapToLong(TrainedBytes::gradients).sum(),
        Math.max(gradients(trained.getFirst()), gradients(trained.getLast())),
        trained.subList(1, trained.size() - 1).stream()
            .mapToLong(TrainedBytes::gradients)
            .max()
            .orElse(0),
        moments);
  }

  private static long gradients(Parameters part) {
    return 4 * part.gradients().size();
  }

  /// The most gradients of one part.
  public long largestPart() {
    return Math.max(ends, largestBlock);
  }
}
