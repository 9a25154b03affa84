package dev.burnish.rl.loop;

import dev.burnish.rl.ledger.GroupEnd;

/// The groups of a step that were not trained on, and the attempts beyond the first.
///
/// @param filtered groups with nothing to learn from
/// @param failed groups that could not be made
/// @param retries attempts beyond the first at any group
record Tally(long filtered, long failed, long retries) {
  static final Tally NONE = new Tally(0, 0, 0);

  Tally with(GroupEnd end) {
    return switch (end) {
      case GroupEnd.Filtered _ -> new Tally(filtered + 1, failed, retries);
      case GroupEnd.Failed _ -> new Tally(filtered, failed + 1, retries);
      case GroupEnd.Trained _, GroupEnd.Cancelled _ -> this;
    };
  }

  Tally plus(Tally other) {
    return new Tally(filtered + other.filtered, failed + other.failed, retries + other.retries);
  }
}
