package dev.burnish.algorithm;

/// A loss of a policy: a function of the log-probabilities of target tokens, with its gradient.
/// Closed and made of records, so that it travels to a trainer elsewhere.
///
/// The global counts are passed in, so the values and gradients of the parts of a batch add up to
/// those of the whole.
public sealed interface PolicyLoss permits SurrogateLoss {
  /// The loss of the tokens `[from, to)`. Only these entries of `batch.logprobs()` are read, so a
  /// trainer may go over the tokens in chunks, forwards and backwards at once.
  ///
  /// @throws IllegalArgumentException if the range cuts a sequence and the loss is not
  ///   [#tokenLocal] on this batch
  LossResult evaluate(TokenBatch batch, Denominators global, int from, int to);

  /// Whether it weighs the divergence from a reference.
  boolean needsReference();

  /// Whether the gradient at a token depends on the current log-probability of no other token.
  boolean tokenLocal(TokenBatch batch);

  /// The loss of all tokens.
  default LossResult evaluate(TokenBatch batch, Denominators global) {
    return evaluate(batch, global, 0, batch.layout().numTokens());
  }
}
