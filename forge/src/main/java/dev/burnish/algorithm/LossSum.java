package dev.burnish.algorithm;

/// One evaluation of a [SurrogateLoss] over a range of tokens.
///
/// Idea: one pass over each sequence. A token-level surrogate adds its slope to its own token; a
/// sequence-level one gathers `d loss / d logRatio` over the sequence and spreads it over its
/// targets, each with its share.
final class LossSum {
  /// A surrogate as a function; see [Surrogate#at].
  @FunctionalInterface
  interface PointFunction {
    Surrogate.Point at(double logprob, double anchor, double advantage);
  }

  private final SurrogateLoss loss;
  private final PointFunction points;
  private final TokenBatch batch;
  private final Denominators global;
  private final int from;
  private final int to;
  private final double[] gradient;
  private final double[] tokenWeights;
  private double value;
  private LossResult.Metrics metrics = LossResult.Metrics.ZERO;

  LossSum(
      SurrogateLoss loss,
      PointFunction points,
      TokenBatch batch,
      Denominators global,
      int from,
      int to) {
    this.loss = loss;
    this.points = points;
    this.batch = batch;
    this.global = global;
    this.from = from;
    this.to = to;
    this.gradient = new double[to - from];
    this.tokenWeights = new double[to - from];
  }

  LossResult result() {
    return new LossResult(value, gradient, tokenWeights, metrics);
  }

  void addSequence(int sequence) {
    double share = loss.aggregation().weight(batch.layout(), sequence, global);
    var ratios = new SequenceRatios(batch, sequence);
    double divergence = loss.mask().active() ? OffPolicyMask.divergence(batch, sequence) : 0;
    var whole = loss.level().ofSequence() ? SequencePoint.of(loss, batch, sequence) : null;
    double slopeOfWhole = 0;
    int end = Math.min(to, batch.layout().end(sequence));
    for (int t = Math.max(from, batch.layout().start(sequence)); t < end; t++) {
      if (!batch.layout().mask()[t]) {
        continue;
      }
      double advantage = batch.advantages()[t];
      double weight =
          loss.mask().keeps(divergence, advantage) ? loss.correction().weight(ratios, t) : 0;
      double logprob = whole == null ? batch.logprobs()[t] : whole.logprob();
      double anchor = whole == null ? anchor(t) : whole.anchor();
      Surrogate.Point point = points.at(logprob, anchor, advantage);
      if (weight != 0) {
        value += share * weight * point.value();
        if (whole == null) {
          gradient[t - from] += share * weight * point.slope();
        } else {
          slopeOfWhole += share * weight * point.slope();
        }
      }
      tokenWeights[t - from] = share;
      addKl(t, share);
      measure(t, weight, point, Surrogate.ratio(logprob, anchor));
    }
    spread(sequence, slopeOfWhole);
  }

  private void spread(int sequence, double slope) {
    if (slope == 0) {
      return;
    }
    double share = loss.level().share(batch.layout().numTargets(sequence));
    for (int t = batch.layout().start(sequence); t < batch.layout().end(sequence); t++) {
      gradient[t - from] += batch.layout().mask()[t] ? slope * share : 0;
    }
  }

  private void addKl(int token, double share) {
    if (!loss.kl().active()) {
      return;
    }
    double x = batch.logprobs()[token] - batch.refLogprobs()[token];
    double ratio = Surrogate.ratio(batch.logprobs()[token], batch.old(token));
    value += share * loss.kl().beta() * loss.kl().estimator().value(x, ratio);
    gradient[token - from] += share * loss.kl().beta() * loss.kl().estimator().slope(x, ratio);
  }

  private void measure(int token, double weight, Surrogate.Point point, double ratio) {
    double unit = 1.0 / Math.max(1, global.tokens());
    double logprob = batch.logprobs()[token];
    metrics =
        metrics.plus(
            new LossResult.Metrics(
                point.clipped() ? unit : 0,
                unit * Kl.K3.value(logprob - batch.old(token), 1),
                batch.hasReference()
                    ? unit * Kl.K3.value(logprob - batch.refLogprobs()[token], 1)
                    : 0,
                batch.hasRollout()
                    ? unit * Kl.K3.value(batch.rolloutLogprobs()[token] - logprob, 1)
                    : 0,
                unit * weight,
                weight == 0 ? unit : 0,
                ratio));
  }

  private double anchor(int token) {
    return loss.anchor() == SurrogateLoss.Anchor.OLD
        ? batch.old(token)
        : batch.rolloutLogprobs()[token];
  }

  /// A sequence's log-probabilities under the current and the anchor policy, summed or averaged.
  private record SequencePoint(double logprob, double anchor) {
    static SequencePoint of(SurrogateLoss loss, TokenBatch batch, int sequence) {
      TokenLayout layout = batch.layout();
      double share = loss.level().share(layout.numTargets(sequence));
      double logprob = 0;
      double anchor = 0;
      for (int t = layout.start(sequence); t < layout.end(sequence); t++) {
        if (layout.mask()[t]) {
          logprob += batch.logprobs()[t] * share;
          anchor +=
              share
                  * (loss.anchor() == SurrogateLoss.Anchor.OLD
                      ? batch.old(t)
                      : batch.rolloutLogprobs()[t]);
        }
      }
      return new SequencePoint(logprob, anchor);
    }
  }
}
