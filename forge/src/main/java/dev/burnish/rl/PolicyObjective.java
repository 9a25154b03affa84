package dev.burnish.rl;

import dev.burnish.algorithm.LossResult;
import dev.burnish.algorithm.PolicyLoss;
import dev.burnish.algorithm.TokenBatch;
import dev.burnish.train.Objective;

/// A policy loss over a packed batch, as the trainer's objective, adding up what the loss tells
/// about the step.
final class PolicyObjective implements Objective {
  private final EpisodeBatch batch;
  private final PolicyLoss loss;
  private final double entropyBonus;
  private LossResult.Metrics metrics = LossResult.Metrics.ZERO;

  /// @param entropyBonus coefficient of the mean entropy, which is subtracted from the loss
  PolicyObjective(EpisodeBatch batch, PolicyLoss loss, double entropyBonus) {
    this.batch = batch;
    this.loss = loss;
    this.entropyBonus = entropyBonus;
  }

  @Override
  public boolean needsAll(int micro) {
    return !loss.tokenLocal(batch.tokens().get(micro));
  }

  @Override
  public double gradient(
      int micro, int from, int to, float[] logp, float[] entropy, float[] dLogp, float[] dEntropy) {
    TokenBatch tokens = batch.tokens().get(micro).withLogp(EpisodeBatch.widen(logp));
    // A loss over whole sequences sees them all at once, and gives the gradient of this range.
    boolean whole = needsAll(micro);
    int start = whole ? 0 : from;
    LossResult result = loss.evaluate(tokens, batch.global(), start, whole ? logp.length : to);
    double value = whole && from > 0 ? 0 : result.value();
    if (!whole || from == 0) {
      metrics = metrics.plus(result.metrics());
    }
    for (int i = from; i < to; i++) {
      dLogp[i] = (float) result.gradient()[i - start];
      double weight = entropyBonus * result.tokenWeights()[i - start];
      if (weight != 0) {
        dEntropy[i] = (float) -weight;
        value -= weight * entropy[i];
      }
    }
    return value;
  }

  LossResult.Metrics metrics() {
    return metrics;
  }
}
