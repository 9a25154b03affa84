package dev.burnish.controller.worker;

import dev.burnish.actor.Idempotent;
import dev.burnish.kernel.Numerics;
import dev.burnish.store.Published;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import java.util.List;

/// A trainer in a process of its own. Steps have numbers, so that a call that is made again after
/// the process was lost does nothing twice.
public interface TrainerActor {
  /// Does step `number`, or returns its report if it is done.
  ///
  /// @param number steps done before it and one
  /// @throws IllegalArgumentException if it is neither the next step nor the last one
  @Idempotent
  StepReport step(long number, List<MicroBatch> batch);

  /// Log-probabilities of the targets of each batch under the present weights.
  @Idempotent
  List<float[]> logprobs(List<PackedTokens> batches, Numerics numerics);

  /// Values of the targets of each batch by the head of a critic.
  @Idempotent
  List<float[]> values(List<PackedTokens> batches);

  /// Log-probabilities of the targets of each batch under the weights that the run began with.
  @Idempotent
  List<float[]> referenceLogprobs(List<PackedTokens> batches);

  /// The present weights as a version. The bytes are written once; the same version again is not
  /// written again.
  ///
  /// @return for the caller to make visible, and to close
  @Idempotent
  Published publish(long version);

  /// The digest of each part of the present weights.
  @Idempotent
  List<Long> digests();
}
