package dev.burnish.rl.journal;

import dev.burnish.rl.ledger.GroupEnd;
import java.util.List;

/// A record of the journal.
sealed interface Entry {
  /// A group was made.
  ///
  /// @param newest version of the weights that sampled a token of it
  /// @param group as bytes
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Finished(long position, long newest, byte[] group) implements Entry {}

  /// A position has no group.
  ///
  /// @param version of the weights that should have made it
  record Ended(long position, long version, GroupEnd end) implements Entry {}

  /// A step was trained and its result published.
  ///
  /// @param version of the weights after it
  /// @param positions that it was trained on, in order
  /// @param weights of the groups in the loss
  /// @param digests of the parts of the weights
  record Published(long version, List<Long> positions, List<Double> weights, List<Long> digests)
      implements Entry {}

  /// Rollouts began with a version, or began again after a resume: later ones are trained again.
  record Began(long version, List<Long> digests) implements Entry {}
}
