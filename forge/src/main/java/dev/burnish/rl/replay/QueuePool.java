package dev.burnish.rl.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// Each group once, in the order of positions: see [Selection.Fifo] and [Selection.Windowed].
///
/// Invariant: every position below `next` is done, that is taken or skipped. Those above it that
/// are done are in `done`. With [Selection.Fifo] `next` is the first position of a batch, so that a
/// position that is skipped early does not shift the batches after it. Room is counted in positions
/// from `next` on, not in groups: otherwise groups that come early could fill the buffer and keep
/// out the one that all steps wait for.
final class QueuePool<T> implements Pool<T> {
  private final BufferConfig config;
  private final NavigableMap<Long, Held<T>> waiting = new TreeMap<>();
  private final NavigableSet<Long> done = new TreeSet<>();
  private long next;

  QueuePool(BufferConfig config, Snapshot<T> from) {
    this.config = config;
    next = from.next();
    done.addAll(from.done());
    from.kept().forEach(kept -> waiting.put(kept.held().position(), kept.held()));
  }

  private boolean isKnown(long position) {
    return position < next || waiting.containsKey(position) || done.contains(position);
  }

  @Override
  public boolean canAdd(long position) {
    return position < next + config.capacity() || isKnown(position);
  }

  @Override
  public void add(Held<T> group) {
    if (!isKnown(group.position())) {
      waiting.put(group.position(), group);
    }
  }

  @Override
  public void skip(long position) {
    if (!isKnown(position)) {
      done.add(position);
    }
  }

  @Override
  public boolean isReady(long version) {
    return chosen().isPresent();
  }

  /// The groups of the next step, if they are there.
  private Optional<List<Held<T>>> chosen() {
    return config.selection() instanceof Selection.Windowed(int window)
        ? firstReady(window)
        : nextBatch();
  }

  private Optional<List<Held<T>>> nextBatch() {
    List<Held<T>> groups = new ArrayList<>();
    for (long position = next; position < next + config.batch(); position++) {
      if (waiting.containsKey(position)) {
        groups.add(waiting.get(position));
      } else if (!done.contains(position)) {
        return Optional.empty();
      }
    }
    return Optional.of(groups);
  }

  /// The first groups that wait in the window. It begins at `next` and does not slide until that is
  /// done, which bounds how many pass it; but it always has a batch of positions that are not done,
  /// so that it cannot end before there is one.
  private Optional<List<Held<T>>> firstReady(int window) {
    List<Held<T>> ready = new ArrayList<>();
    int seen = 0;
    for (long position = next;
        ready.size() < config.batch() && (position < next + window || seen < config.batch());
        position++) {
      if (waiting.containsKey(position)) {
        ready.add(waiting.get(position));
      }
      seen += done.contains(position) ? 0 : 1;
    }
    return ready.size() < config.batch() ? Optional.empty() : Optional.of(ready);
  }

  @Override
  public Batch<T> take(long version) {
    List<Held<T>> groups =
        chosen()
            .orElseThrow(() ->
                new IllegalStateException("a batch must be ready: version=%d".formatted(version)));
    groups.forEach(group -> requireFresh(group, version));
    groups.forEach(group -> finish(group.position()));
    advance();
    return Batch.of(version, groups);
  }

  private void finish(long position) {
    waiting.remove(position);
    done.add(position);
  }

  private void advance() {
    if (config.selection() instanceof Selection.Windowed) {
      while (done.remove(next)) {
        next++;
      }
    } else {
      next += config.batch();
      done.headSet(next).clear();
    }
  }

  private void requireFresh(Held<T> group, long version) {
    if (version - group.version() > config.bound()) {
      throw new StaleGroupException(
          "a group must be at most %d versions older than the weights that are trained: position=%d version=%d trained=%d; admission let it through, which is a fault"
              .formatted(config.bound(), group.position(), group.version(), version));
    }
  }

  @Override
  public void expire(long version) {}

  @Override
  public Optional<Held<T>> find(long position) {
    return Optional.ofNullable(waiting.get(position));
  }

  @Override
  public int size() {
    return waiting.size();
  }

  @Override
  public Snapshot<T> snapshot(List<Batch<T>> open) {
    return new Snapshot<>(
        waiting.values().stream().map(held -> new Snapshot.Kept<>(held, 0, 0, 1)).toList(),
        next,
        List.copyOf(done),
        open,
        1,
        counts());
  }

  @Override
  public Snapshot.Counts counts() {
    return new Snapshot.Counts(0, 0);
  }
}
