package dev.burnish.algorithm;

/// A policy loss from parts: `sum over t of a_t (w_t surrogate_t + beta kl_t)`, with the weights
/// `a` of the aggregation and `w` of the correction and the off-policy mask.
///
/// @param level the tokens that the surrogate's ratio is taken over
/// @param anchor the policy that the ratio is taken to
public record SurrogateLoss(
    Surrogate surrogate,
    Surrogate.Level level,
    Anchor anchor,
    Aggregation aggregation,
    Correction correction,
    Kl.Penalty kl,
    OffPolicyMask mask)
    implements PolicyLoss {

  /// The policy that the ratio is taken to.
  public enum Anchor {
    /// The policy at the start of the step.
    OLD,
    /// The policy that generated, as the generator reported it.
    ROLLOUT
  }

  /// A token-level loss against the old policy: mean over tokens, no correction, no reference.
  public static SurrogateLoss of(Surrogate surrogate) {
    return new SurrogateLoss(
        surrogate,
        Surrogate.Level.TOKEN,
        Anchor.OLD,
        new Aggregation.TokenMean(),
        new Correction.None(),
        Kl.Penalty.none(),
        OffPolicyMask.none());
  }

  /// GRPO as in DeepSeekMath: clip 0.2, mean over sequences, k3 to the reference.
  public static SurrogateLoss grpo(double beta) {
    return of(new PpoClip(0.2, 0.2))
        .withAggregation(new Aggregation.SequenceMeanTokenMean())
        .withKl(new Kl.Penalty(Kl.K3, beta));
  }

  /// DAPO: clip-higher and the mean over tokens.
  public static SurrogateLoss dapo() {
    return of(new PpoClip(0.2, 0.28));
  }

  /// Dr. GRPO: sums divided by the longest possible response.
  public static SurrogateLoss drGrpo(int maxResponse) {
    return of(new PpoClip(0.2, 0.2))
        .withAggregation(new Aggregation.SequenceMeanTokenSum(maxResponse));
  }

  /// GSPO: one clipped ratio per sequence, the geometric mean of its tokens' ratios.
  public static SurrogateLoss gspo(double clipLow, double clipHigh) {
    return of(new PpoClip(clipLow, clipHigh))
        .withLevel(Surrogate.Level.SEQUENCE_MEAN)
        .withAggregation(new Aggregation.SequenceMeanTokenMean());
  }

  /// REINFORCE with clamped importance weights to the rollout, as in TorchForge.
  public static SurrogateLoss reinforce() {
    return of(new Cispo(0.1, 10)).withAnchor(Anchor.ROLLOUT);
  }

  /// DPPO with prime-rl's defaults.
  public static SurrogateLoss dppo() {
    return of(new DppoTv(0.2, 1e-3)).withAnchor(Anchor.ROLLOUT);
  }

  public SurrogateLoss withLevel(Surrogate.Level value) {
    return new SurrogateLoss(surrogate, value, anchor, aggregation, correction, kl, mask);
  }

  public SurrogateLoss withAnchor(Anchor value) {
    return new SurrogateLoss(surrogate, level, value, aggregation, correction, kl, mask);
  }

  public SurrogateLoss withAggregation(Aggregation value) {
    return new SurrogateLoss(surrogate, level, anchor, value, correction, kl, mask);
  }

  public SurrogateLoss withCorrection(Correction value) {
    return new SurrogateLoss(surrogate, level, anchor, aggregation, value, kl, mask);
  }

  public SurrogateLoss withKl(Kl.Penalty value) {
    return new SurrogateLoss(surrogate, level, anchor, aggregation, correction, value, mask);
  }

  public SurrogateLoss withMask(OffPolicyMask value) {
    return new SurrogateLoss(surrogate, level, anchor, aggregation, correction, kl, value);
  }

  @Override
  public boolean needsReference() {
    return kl.active();
  }

  @Override
  public boolean tokenLocal(TokenBatch batch) {
    boolean weightsFollowPolicy = correction.ofSequence() && batch.hasRollout() && !batch.hasOld();
    return !level.ofSequence() && !mask.active() && !weightsFollowPolicy;
  }

  @Override
  public LossResult evaluate(TokenBatch batch, Denominators global, int from, int to) {
    check(batch, from, to);
    return evaluate(batch, global, from, to, surrogate::at);
  }

  /// As [#evaluate(TokenBatch, Denominators, int, int)], with another surrogate.
  LossResult evaluate(
      TokenBatch batch, Denominators global, int from, int to, LossSum.PointFunction points) {
    var sum = new LossSum(this, points, batch, global, from, to);
    for (int i = 0; i < batch.layout().numSequences(); i++) {
      if (batch.layout().start(i) < to && batch.layout().end(i) > from) {
        sum.addSequence(i);
      }
    }
    return sum.result();
  }

  private void check(TokenBatch batch, int from, int to) {
    if (from < 0 || from > to || to > batch.layout().numTokens()) {
      throw new IllegalArgumentException(
          "a range lies in the batch: from=%d to=%d tokens=%d"
              .formatted(from, to, batch.layout().numTokens()));
    }
    if (!tokenLocal(batch) && !batch.layout().wholeSequences(from, to)) {
      throw new IllegalArgumentException(
          "this loss needs whole sequences: from=%d to=%d cuts one; evaluate all log-probabilities of a sequence first"
              .formatted(from, to));
    }
    if (anchor == Anchor.ROLLOUT && !batch.hasRollout()) {
      throw new IllegalArgumentException(
          "anchor=ROLLOUT needs rollout log-probabilities: rolloutLogprobs is empty; ask the generator for logprobs");
    }
    if (kl.active() && !batch.hasReference()) {
      throw new IllegalArgumentException(
          "beta=%s needs a reference: refLogprobs is empty; set beta=0 or load a reference model"
              .formatted(kl.beta()));
    }
  }
}
