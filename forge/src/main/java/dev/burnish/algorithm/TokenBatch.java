package dev.burnish.algorithm;

/// Log-probabilities and advantages of response tokens, one entry for each token of the layout.
///
/// An optional array is empty when there is none: without `oldLogp` the old policy is the current
/// one, held fixed (one update a batch); without `rolloutLogp` there is nothing to correct for;
/// without `refLogp` there is no reference.
///
/// @param logp under the policy being trained; only this array has a gradient
/// @param oldLogp under the policy at the start of the step, or empty
/// @param rolloutLogp as the generator reported them, or empty
/// @param refLogp under the reference policy, or empty
/// @param advantages of each token; entries that are no target are ignored
@SuppressWarnings("ArrayRecordComponent") // a view of the trainer's arrays; never compared
public record TokenBatch(
    TokenLayout layout,
    double[] logp,
    double[] oldLogp,
    double[] rolloutLogp,
    double[] refLogp,
    double[] advantages) {
  private static final double[] NONE = {};

  public TokenBatch {
    int tokens = layout.numTokens();
    length("logp", logp, tokens);
    length("advantages", advantages, tokens);
    optional("oldLogp", oldLogp, tokens);
    optional("rolloutLogp", rolloutLogp, tokens);
    optional("refLogp", refLogp, tokens);
  }

  /// A batch with current log-probabilities and advantages alone.
  public static TokenBatch of(TokenLayout layout, double[] logp, double[] advantages) {
    return new TokenBatch(layout, logp, NONE, NONE, NONE, advantages);
  }

  public TokenBatch withLogp(double[] values) {
    return new TokenBatch(layout, values, oldLogp, rolloutLogp, refLogp, advantages);
  }

  public TokenBatch withOldLogp(double[] values) {
    return new TokenBatch(layout, logp, values, rolloutLogp, refLogp, advantages);
  }

  public TokenBatch withRolloutLogp(double[] values) {
    return new TokenBatch(layout, logp, oldLogp, values, refLogp, advantages);
  }

  public TokenBatch withRefLogp(double[] values) {
    return new TokenBatch(layout, logp, oldLogp, rolloutLogp, values, advantages);
  }

  public boolean hasOld() {
    return oldLogp.length > 0 || layout.numTokens() == 0;
  }

  public boolean hasRollout() {
    return rolloutLogp.length > 0 || layout.numTokens() == 0;
  }

  public boolean hasReference() {
    return refLogp.length > 0 || layout.numTokens() == 0;
  }

  /// The old policy's log-probability of a token: the current one where no old one is known.
  double old(int token) {
    return hasOld() ? oldLogp[token] : logp[token];
  }

  private static void optional(String name, double[] values, int tokens) {
    if (values.length != 0) {
      length(name, values, tokens);
    }
  }

  private static void length(String name, double[] values, int tokens) {
    if (values.length != tokens) {
      throw new IllegalArgumentException(
          "%s needs one entry for each token: %s.length=%d tokens=%d; fill masked tokens with 0"
              .formatted(name, name, values.length, tokens));
    }
  }
}
