package dev.burnish.train.objective;

import dev.burnish.kernel.Numerics;
import dev.burnish.nn.TargetLoss;

/// The mean negative log-likelihood of targets.
///
/// @param numTargets of the whole step, by which the sum is divided
public record CrossEntropy(long numTargets) implements Objective, TargetLoss {
  public CrossEntropy {
    if (numTargets < 1) {
      throw new IllegalArgumentException(
          "a mean needs at least one target: numTargets=%d".formatted(numTargets));
    }
  }

  @Override
  public TargetLoss loss(MetricSum metrics) {
    return this;
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
