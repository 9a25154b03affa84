package dev.burnish.train.objective;

import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.TokenBatch;
import dev.burnish.algorithm.advantage.ValueBatch;
import dev.burnish.algorithm.advantage.ValueLoss;
import dev.burnish.kernel.Numerics;
import dev.burnish.nn.TargetLoss;

/// A loss of a critic's values of the targets of a micro-batch, which are the tokens of its layout
/// in order.
///
/// @param batch the data on the targets; their present values are not known yet, and those given
///   here are replaced
/// @param global counts over the whole step
public record ValueObjective(ValueLoss loss, ValueBatch batch, Denominators global)
    implements Objective {
  @Override
  public TargetLoss loss(MetricSum metrics) {
    return new Evaluation(this, metrics);
  }

  private record Evaluation(ValueObjective objective, MetricSum metrics) implements TargetLoss {
    @Override
    public double evaluate(Chunk chunk) {
      ValueBatch batch = objective.batch.withValues(TokenBatch.widen(chunk.logprobs()));
      ValueLoss.Result result =
          objective.loss.evaluate(batch, objective.global, chunk.from(), chunk.to());
      for (int i = chunk.from(); i < chunk.to(); i++) {
        chunk.dLogprobs()[i] = (float) result.gradient()[i - chunk.from()];
      }
      metrics.add(result.metrics());
      return result.value();
    }

    @Override
    public Numerics numerics() {
      return Numerics.FASTEST;
    }
  }
}
