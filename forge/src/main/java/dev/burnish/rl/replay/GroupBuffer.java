package dev.burnish.rl.replay;

import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/// Groups between rollouts and training, without waiting and without a process: [ReplayBuffer] adds
/// those.
///
/// Groups are never split. A batch that was taken stays until it is [#release]d, and taking it
/// again gives the same batch: the trainer may die in between. Not thread-safe.
///
/// @param <T> what a group is
final class GroupBuffer<T> {
  private final BufferConfig config;
  private final Pool<T> pool;
  private final NavigableMap<Long, Batch<T>> open = new TreeMap<>();

  public GroupBuffer(BufferConfig config) {
    this(config, Snapshot.from(0));
  }

  /// @param from the result of [#snapshot] of a buffer of the same configuration
  public GroupBuffer(BufferConfig config, Snapshot<T> from) {
    this.config = config;
    this.pool =
        switch (config.selection()) {
          case Selection.Fifo _, Selection.Windowed _ -> new QueuePool<>(config, from);
          case Selection.Uniform _, Selection.Prioritised _ -> new ReplayPool<>(config, from);
        };
    from.open().forEach(batch -> open.put(batch.version(), batch));
  }

  /// Whether [#add] has room for a group of this position.
  public boolean canAdd(long position) {
    return pool.canAdd(position);
  }

  /// Adds a group; one whose position was added or skipped before changes nothing.
  ///
  /// @throws IllegalStateException if there is no room
  public void add(Held<T> group) {
    if (!canAdd(group.position())) {
      throw new IllegalStateException(
          "the buffer must have room: position=%d held=%d buffer.capacity=%d"
              .formatted(group.position(), pool.size(), config.capacity()));
    }
    pool.add(group);
  }

  /// Marks a position as one without a group: it was filtered, or failed. Nothing waits for it.
  public void skip(long position) {
    pool.skip(position);
  }

  /// Whether [#take] has a batch for a version.
  public boolean canTake(long version) {
    return open.containsKey(version) || pool.isReady(version);
  }

  /// The batch that is trained on a version of the weights: the same until it is released. It has
  /// fewer groups where positions were skipped.
  ///
  /// @throws IllegalStateException if there is no batch yet
  /// @throws StaleGroupException if a group is older than [BufferConfig#bound] allows
  public Batch<T> take(long version) {
    return Optional.ofNullable(open.get(version))
        .orElseGet(() -> {
          Batch<T> batch = pool.take(version);
          open.put(version, batch);
          return batch;
        });
  }

  /// Releases the batches of a version and of those before it: they were trained, and the result is
  /// published. Drops groups that are too old from then on, where groups may become so.
  public void release(long version) {
    open.headMap(version, true).clear();
    pool.expire(version + 1);
  }

  /// The group of a position, if it waits or was taken and not released.
  public Optional<Held<T>> find(long position) {
    return pool.find(position)
        .or(() ->
            open.values().stream()
                .flatMap(batch -> batch.held().stream())
                .filter(held -> held.position() == position)
                .findFirst());
  }

  /// Sets how much is to be learned from a group; no effect unless priorities choose.
  ///
  /// @param priority finite and positive
  public void prioritise(long position, double priority) {
    if (pool instanceof ReplayPool<T> replay) {
      replay.prioritise(position, priority);
    }
  }

  /// Groups that wait.
  public int size() {
    return pool.size();
  }

  /// Groups that became too old before they were used up.
  public long numStale() {
    return pool.counts().stale();
  }

  /// Groups whose place a newer one took.
  public long numDisplaced() {
    return pool.counts().displaced();
  }

  /// The state, from which another buffer continues.
  public Snapshot<T> snapshot() {
    return pool.snapshot(List.copyOf(open.values()));
  }
}
