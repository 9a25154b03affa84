package dev.burnish.rl.replay;

import java.util.List;
import java.util.Optional;

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

  /// Drops groups that are too old for a step on a version, where groups may become so.
  void expire(long version);

  /// The group of a position, if it waits.
  Optional<Held<T>> find(long position);

  int size();

  Snapshot.Counts counts();

  /// @param open batches that were taken and are not trained
  Snapshot<T> snapshot(List<Batch<T>> open);
}
