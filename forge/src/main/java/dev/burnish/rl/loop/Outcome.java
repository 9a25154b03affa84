package dev.burnish.rl.loop;

import dev.burnish.rl.ledger.GroupEnd;
import dev.burnish.rollout.ScoredGroup;

/// The result of a slot.
sealed interface Outcome {
  /// A group to train on.
  record Finished(ScoredGroup group) implements Outcome {}

  /// None.
  record Ended(GroupEnd end) implements Outcome {}
}
