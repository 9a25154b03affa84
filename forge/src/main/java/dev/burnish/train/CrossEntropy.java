package dev.burnish.train;

import dev.burnish.kernel.Numerics;
import dev.burnish.nn.TargetLoss;
import java.util.List;

/// The mean negative log-likelihood of targets.
///
/// @param numTargets of the whole step, which the sum is divided by
public record CrossEntropy(long numTargets) implements TargetLoss {
  public CrossEntropy {
    if (numTargets < 1) {
      throw new IllegalArgumentException(
          "a mean needs at least one target: numTargets=%d".formatted(numTargets));
    }
  }

  /// Micro-batches whose losses add up to the mean over the targets of all of them.
  public static List<MicroBatch> of(List<PackedTokens> packed) {
    long numTargets = packed.stream().mapToLong(tokens -> tokens.targets().size()).sum();
    return MicroBatch.of(packed, new CrossEntropy(numTargets));
  }

  @Override
  public double evaluate(Chunk chunk) {
    double sum = 0;
    for (int i = chunk.from(); i < chunk.to(); i++) {
      sum -= chunk.logprobs()[i];
      chunk.dLogprobs()[i] = -1f / numTargets;
    }
    return sum / numTargets;
  }

  @Override
  public Numerics numerics() {
    return Numerics.FASTEST;
  }
}
