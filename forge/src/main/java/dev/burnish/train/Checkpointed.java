package dev.burnish.train;

import dev.burnish.train.checkpoint.Pieces;
import dev.burnish.train.checkpoint.Snapshot;

/// The state of a trainer as a run checkpoints it: that of a trainer of this process, or of one
/// that works in another.
public interface Checkpointed {
  /// The section of a checkpoint that holds [#state].
  String SECTION = "trainer";

  /// Steps done, including those whose update was skipped.
  long stepsDone();

  Health health();

  /// Whether the learning rate of a step depends on the total number of steps.
  boolean ratesFollowTotalSteps();

  /// Weights and optimizer state as they are now, for a checkpoint that is written while training
  /// continues. There is one at a time.
  ///
  /// @throws TrainingDiverged if weights are not finite: a checkpoint of them would be useless
  /// @throws IllegalStateException if the one before was not closed
  Pieces freeze();

  /// Step and health, for the section [#SECTION] of a checkpoint.
  byte[] state();

  /// Returns to a checkpoint of the same model and optimizer, wherever the model is now.
  ///
  /// @throws IllegalArgumentException if the checkpoint is of something else; the trainer must not
  ///   be used then
  void restore(Snapshot snapshot);

  /// Gives the model the weights of a checkpoint, and leaves everything else as it is; also after
  /// the trainer was closed.
  ///
  /// @throws IllegalArgumentException if the checkpoint is of another model
  void restoreWeights(Snapshot snapshot);
}
