package dev.burnish.algorithm;

/// Log-probabilities and advantages of response tokens, one entry for each token of the layout.
///
/// An optional array is empty when there is none: without `oldLogprobs` the old policy is the
/// current one, held fixed (one update per batch); without `rolloutLogprobs` there is nothing to
/// correct for; without `refLogprobs` there is no reference.
///
/// @param logprobs under the policy being trained; only this array has a gradient
/// @param oldLogprobs under the policy at the start of the step, or empty
/// @param rolloutLogprobs as the generator reported them, or empty
/// @param refLogprobs under the reference policy, or empty
/// @param advantages of each token; entries that are no target are ignored
@SuppressWarnings("ArrayRecordComponent") // a view of the trainer's arrays; never compared
public record TokenBatch(
    TokenLayout layout,
    double[] logprobs,
    double[] oldLogprobs,
    double[] rolloutLogprobs,
    double[] refLogprobs,
    double[] advantages) {
  private static final double[] NONE = {};

  public TokenBatch {
    int tokens = layout.numTokens();
    length("logprobs", logprobs, tokens);
    length("advantages", advantages, tokens);
    optional("oldLogprobs", oldLogprobs, tokens);
    optional("rolloutLogprobs", rolloutLogprobs, tokens);
    optional("refLogprobs", refLogprobs, tokens);
  }

  /// A batch with current log-probabilities and advantages alone.
  public static TokenBatch of(TokenLayout layout, double[] logprobs, double[] advantages) {
    return new TokenBatch(layout, logprobs, NONE, NONE, NONE, advantages);
  }

  public TokenBatch withLogprobs(double[] values) {
    return new TokenBatch(layout, values, oldLogprobs, rolloutLogprobs, refLogprobs, advantages);
  }

  public TokenBatch withOldLogprobs(double[] values) {
    return new TokenBatch(layout, logprobs, values, rolloutLogprobs, refLogprobs, advantages);
  }

  public TokenBatch withRolloutLogprobs(double[] values) {
    return new TokenBatch(layout, logprobs, oldLogprobs, values, refLogprobs, advantages);
  }

  public TokenBatch withRefLogprobs(double[] values) {
    return new TokenBatch(layout, logprobs, oldLogprobs, rolloutLogprobs, values, advantages);
  }

  public TokenBatch withAdvantages(double[] values) {
    return new TokenBatch(layout, logprobs, oldLogprobs, rolloutLogprobs, refLogprobs, values);
  }

  /// Log-probabilities as a model gives them, in the precision of a loss.
  public static double[] widen(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  public boolean hasOld() {
    return oldLogprobs.length > 0 || layout.numTokens() == 0;
  }

  public boolean hasRollout() {
    return rolloutLogprobs.length > 0 || layout.numTokens() == 0;
  }

  public boolean hasReference() {
    return refLogprobs.length > 0 || layout.numTokens() == 0;
  }

  /// The old policy's log-probability of a token: the current one where no old one is known.
  double old(int token) {
    return hasOld() ? oldLogprobs[token] : logprobs[token];
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
