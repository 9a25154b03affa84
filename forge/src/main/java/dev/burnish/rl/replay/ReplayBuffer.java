package dev.burnish.rl.replay;

import dev.burnish.actor.Idempotent;
import dev.burnish.rollout.ScoredGroup;

/// A [GroupBuffer] as an actor: the memory that holds groups until a step trains on them.
///
/// A process that was restarted is empty. So that nobody mistakes that for a buffer whose groups
/// are still to come, its content has an incarnation, a number that whoever fills it chooses by
/// [#restore] and that every call names. All calls may be made twice. [BufferClient] does both.
public interface ReplayBuffer {
  /// Holds a group for [#restore], which says where it belongs.
  @Idempotent
  void hold(long incarnation, Held<ScoredGroup> group);

  /// Replaces the content. Calls that wait for the content before fail.
  ///
  /// @param incarnation greater than that of the content before
  /// @param state whose groups, given by their positions, were [#hold] before
  /// @throws UnknownIncarnationException if a group is missing, or there is newer content
  @Idempotent
  void restore(long incarnation, Snapshot<Long> state);

  /// Adds a group, and waits while there is no room; see [GroupBuffer#add].
  ///
  /// @throws UnknownIncarnationException if the content is another
  @Idempotent
  void add(long incarnation, Held<ScoredGroup> group);

  /// Marks a position as one without a group; see [GroupBuffer#skip].
  ///
  /// @throws UnknownIncarnationException if the content is another
  @Idempotent
  void skip(long incarnation, long position);

  /// Waits for the batch that is trained on a version of the weights; see [GroupBuffer#take].
  ///
  /// @return with the positions of its groups, to be fetched by [#group]: so no message grows with
  ///   the batch
  /// @throws UnknownIncarnationException if the content is another
  /// @throws StaleGroupException as [GroupBuffer#take] does
  @Idempotent
  Batch<Long> take(long incarnation, long version);

  /// The group of a position that waits, or was taken and not released.
  ///
  /// @throws UnknownIncarnationException if the content is another
  /// @throws IllegalArgumentException if there is no such group
  @Idempotent
  Held<ScoredGroup> group(long incarnation, long position);

  /// Releases batches; see [GroupBuffer#release].
  ///
  /// @throws UnknownIncarnationException if the content is another
  @Idempotent
  void release(long incarnation, long version);

  /// Sets how much is to be learned from a group; see [GroupBuffer#prioritise].
  ///
  /// @throws UnknownIncarnationException if the content is another
  @Idempotent
  void prioritise(long incarnation, long position, double priority);
}
