package dev.burnish.train.objective;

import dev.burnish.algorithm.preference.PairBatch;
import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.nn.TargetLoss;
import dev.burnish.train.objective.PairTargets.Answer;

/// A loss of the preference pairs of a micro-batch: a function of whole answers, so all
/// log-probabilities are known before any gradient is.
///
/// @param referenceChosen log-probability of each chosen answer under the reference
/// @param referenceRejected of each rejected one
/// @param numPairs of the whole step
@SuppressWarnings("ArrayRecordComponent") // data on its way to a trainer; never compared
public record PreferenceObjective(
    PreferenceLoss loss,
    PairTargets targets,
    double[] referenceChosen,
    double[] referenceRejected,
    long numPairs)
    implements Objective {
  @Override
  public TargetLoss loss(MetricSum metrics) {
    return new Evaluation(this, metrics);
  }

  /// Judges the pairs by these log-probabilities of the targets under a policy: their share in the
  /// means over all pairs.
  public PreferenceLoss.Metrics judge(float[] logprobs) {
    PairBatch pairs = pairs(logprobs);
    return PreferenceLoss.Metrics.of(pairs, loss.evaluate(pairs, numPairs), numPairs);
  }

  private PairBatch pairs(float[] logprobs) {
    return new PairBatch(
        targets.sums(logprobs, Answer.CHOSEN),
        targets.sums(logprobs, Answer.REJECTED),
        referenceChosen,
        referenceRejected,
        targets.lengths(Answer.CHOSEN),
        targets.lengths(Answer.REJECTED));
  }

  private record Evaluation(PreferenceObjective objective, MetricSum metrics)
      implements TargetLoss {
    @Override
    public boolean needsAll() {
      return true;
    }

    @Override
    public double evaluate(Chunk chunk) {
      long numPairs = objective.numPairs;
      PairBatch pairs = objective.pairs(chunk.logprobs());
      PreferenceLoss.Result result = objective.loss.evaluate(pairs, numPairs);
      objective.targets.spread(
          result.chosenGradient(),
          result.rejectedGradient(),
          chunk.from(),
          chunk.to(),
          chunk.dLogprobs());
      if (chunk.from() > 0) {
        return 0;
      }
      metrics.add(PreferenceLoss.Metrics.of(pairs, result, numPairs));
      return result.value();
    }
  }
}
