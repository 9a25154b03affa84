package dev.burnish.train.objective;

import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.LossResult;
import dev.burnish.algorithm.PolicyLoss;
import dev.burnish.algorithm.TokenBatch;
import dev.burnish.nn.TargetLoss;

/// A policy loss of the targets of a micro-batch, which are the tokens of its layout in order.
///
/// @param entropyBonus coefficient of the mean entropy, which is subtracted from the loss
/// @param tokens the data on the targets; their log-probabilities under the policy are not known
///   yet, and those given here are replaced
/// @param global counts over the whole step
public record PolicyObjective(
    PolicyLoss loss, double entropyBonus, TokenBatch tokens, Denominators global)
    implements Objective {
  @Override
  public TargetLoss loss(MetricSum metrics) {
    return new Evaluation(this, metrics);
  }

  private record Evaluation(PolicyObjective objective, MetricSum metrics) implements TargetLoss {
    @Override
    public boolean needsAll() {
      return !objective.loss.tokenLocal(objective.tokens);
    }

    @Override
    public double evaluate(Chunk chunk) {
      // A loss over whole sequences sees them all at once, and gives the gradient of this chunk.
      boolean whole = needsAll();
      int start = whole ? 0 : chunk.from();
      int end = whole ? chunk.logprobs().length : chunk.to();
      TokenBatch tokens = objective.tokens.withLogprobs(TokenBatch.widen(chunk.logprobs()));
      LossResult result = objective.loss.evaluate(tokens, objective.global, start, end);
      boolean counts = !whole || chunk.from() == 0;
      if (counts) {
        metrics.add(result.metrics());
      }
      return spread(counts ? result.value() : 0, result, start, chunk);
    }

    /// Fills the gradients of a chunk, and returns its loss minus its entropy bonus.
    ///
    /// @param start the target of the result's first entry
    private double spread(double loss, LossResult result, int start, Chunk chunk) {
      double value = loss;
      for (int i = chunk.from(); i < chunk.to(); i++) {
        chunk.dLogprobs()[i] = (float) result.gradient()[i - start];
        double weight = objective.entropyBonus * result.tokenWeights()[i - start];
        if (weight != 0) {
          chunk.dEntropies()[i] = (float) -weight;
          value -= weight * chunk.entropies()[i];
        }
      }
      return value;
    }
  }
}
