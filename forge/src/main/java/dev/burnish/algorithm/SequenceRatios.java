package dev.burnish.algorithm;

import java.util.EnumMap;
import java.util.Map;

/// The ratios of the old policy to the rollout's on one sequence, as [Correction] reads them.
public final class SequenceRatios {
  private final TokenBatch batch;
  private final int sequence;
  private final int targets;
  private final Map<Kl, Double> meanDivergences = new EnumMap<>(Kl.class);
  private double logSum = Double.NaN;

  SequenceRatios(TokenBatch batch, int sequence) {
    this.batch = batch;
    this.sequence = sequence;
    this.targets = batch.layout().numTargets(sequence);
  }

  /// Whether the rollout's log-probabilities are there.
  boolean known() {
    return batch.hasRollout();
  }

  /// The ratio over a token or over the whole sequence. A ratio that is NaN counts as 0, as in
  /// NeMo-RL: a token that the generator could not score takes no part.
  public double at(Surrogate.Level level, int token) {
    double log =
        switch (level) {
          case TOKEN -> logRatio(token);
          case SEQUENCE_MEAN -> logSum() / targets;
          case SEQUENCE_PRODUCT -> logSum();
        };
    double ratio =
        Math.exp(Surrogate.clamp(log, -Surrogate.MAX_LOG_RATIO, Surrogate.MAX_LOG_RATIO));
    return Double.isNaN(ratio) ? 0 : ratio;
  }

  /// The estimated divergence of the rollout's policy from the old one at a token.
  double divergence(Kl estimator, int token) {
    double x = -logRatio(token);
    return estimator.value(x, Surrogate.ratio(x, 0));
  }

  double meanDivergence(Kl estimator) {
    return meanDivergences.computeIfAbsent(estimator, this::meanOverTargets);
  }

  private double meanOverTargets(Kl estimator) {
    double sum = 0;
    for (int t = batch.layout().start(sequence); t < batch.layout().end(sequence); t++) {
      sum += batch.layout().mask()[t] ? divergence(estimator, t) : 0;
    }
    return sum / targets;
  }

  private double logSum() {
    if (Double.isNaN(logSum)) {
      logSum = 0;
      for (int t = batch.layout().start(sequence); t < batch.layout().end(sequence); t++) {
        logSum += batch.layout().mask()[t] ? logRatio(t) : 0;
      }
    }
    return logSum;
  }

  private double logRatio(int token) {
    return batch.old(token) - batch.rolloutLogprobs()[token];
  }
}
