package dev.burnish.rl.replay;

import java.util.List;

/// The groups that wait, and a rule by which a step's are chosen. Not thread-safe.
sealed interface Pool<T> permits QueuePool, ReplayPool {
  /// Whether there is room for a group; a group that is known already takes none.
  boolean canAdd(long position);

  /// Adds a group. Does nothing if a group of that position was added or skipped before: a repeated
  /// call counts once.
  void add(Held<T> group);

  /// Marks a position as one without a group.
  void skip(long position);

  /// Whether a step on a version can be taken now.
  boolean isReady(long version);

  /// @throws IllegalStateException unless it is ready
  Batch<T> take(long version);

  int size();

  Counts counts();

  /// Groups by position, with whatever else is known of them.
  List<Kept<T>> kept();

  /// A group and the data known about it.
  ///
  /// @param slot where it stands among others
  /// @param uses how often it was trained on
  /// @param priority of the draw, where there is one
  record Kept<T>(Held<T> held, int slot, int uses, double priority) {}

  /// Counts of groups that left without being trained on as often as they might have been.
  ///
  /// @param stale groups that became too old
  /// @param displaced groups whose place a newer one took
  record Counts(long stale, long displaced) {}
}
