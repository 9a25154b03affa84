package dev.burnish.nn;

import dev.burnish.kernel.Numerics;

/// A loss of a batch's targets: a function of their log-probabilities and entropies, or of the
/// values that a critic gives them, with its gradient. All that stands between the head's forward
/// and its backward.
///
/// The sum over all batches of a step is the loss of the step, so a mean divides by counts of the
/// whole step.
@FunctionalInterface
public interface TargetLoss {
  /// Fills the gradient of the targets of a chunk.
  ///
  /// @return the share of these targets in the loss
  double evaluate(Chunk chunk);

  /// Whether all log-probabilities of the batch must be known before any gradient is: then the head
  /// runs twice.
  default boolean needsAll() {
    return false;
  }

  /// How the forward is computed: batch-invariant, so that a loss may compare with the logprobs of
  /// a generator or a reference. A loss that does not compare is faster with [Numerics#FASTEST].
  default Numerics numerics() {
    return Numerics.BATCH_INVARIANT;
  }

  /// The targets from `from` to `to` of a batch. Each array has one entry per target of the batch.
  ///
  /// @param logprobs of the targets, or of a critic their values; those from `to` on are known only
  ///   where [#needsAll]
  /// @param entropies of the distributions that the targets were predicted from, as the logprobs; 0
  ///   of a critic
  /// @param dLogprobs to be filled with the derivative of the loss with respect to each logprob
  /// @param dEntropies to be filled with the derivative with respect to each entropy; zero before
  @SuppressWarnings("ArrayRecordComponent") // a view of a pass's arrays; never compared
  record Chunk(
      int from,
      int to,
      float[] logprobs,
      float[] entropies,
      float[] dLogprobs,
      float[] dEntropies) {}
}
