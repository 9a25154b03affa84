package dev.burnish.train;

import dev.burnish.kernel.Numerics;
import java.util.List;

/// Trains a model, one update per step.
///
/// Only data goes in and out: a batch carries its losses as [MicroBatch#objective], so a trainer
/// can be an actor in another process, or many processes that divide a batch. [LocalTrainer] is the
/// one of this process. One call at a time.
public interface Trainer {
  /// Forward and backward over each micro-batch, then one update. The new weights are those of
  /// [#publish] from then on.
  ///
  /// @throws TrainingDiverged if the loss or the gradient is not finite and such steps are not
  ///   skipped
  StepReport step(List<MicroBatch> batch);

  /// Log-probabilities of the targets of each batch under the present weights.
  ///
  /// @param numerics [Numerics#BATCH_INVARIANT] to compare with the logprobs of a generator, a
  ///   reference or a policy loss
  /// @throws IllegalStateException if the model is a critic
  List<float[]> logprobs(List<PackedTokens> batches, Numerics numerics);

  /// Values of the targets of each batch under the present weights of a critic: of the state in
  /// which each target's token was chosen.
  ///
  /// @throws IllegalStateException if the model is not a critic
  List<float[]> values(List<PackedTokens> batches);

  /// Makes the present weights the ones that generators take over.
  ///
  /// @return their version: the number of steps done
  long publish();

  /// Writes weights, optimizer state, step and health to a new folder, which is whole or not there.
  ///
  /// @param folder on a disk that the trainer's process reaches
  void save(String folder);

  /// Returns to the state that [#save] wrote, of the same model and optimizer.
  ///
  /// @throws IllegalArgumentException if the folder is damaged or of something else; the trainer
  ///   must not be used then
  void restore(String folder);
}
