package dev.burnish.rl.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;

/// Each group once, in the order of positions: see [Selection.Fifo] and [Selection.Windowed].
///
/// Invariant: every position below `next` is done, that is taken or skipped; `next` is not. Room is
/// counted in positions from `next` on, not in groups: otherwise groups that come early could fill
/// the buffer and keep out the one that all steps wait for.
final class QueuePool<T> implements Pool<T> {
  private final BufferConfig config;
  private final NavigableMap<Long, Held<T>> waiting = new TreeMap<>();
  private final NavigableSet<Long> skipped = new TreeSet<>();
  private final NavigableSet<Long> taken = new TreeSet<>();
  private long next;

  QueuePool(BufferConfig config) {
    this.config = config;
  }

  QueuePool(BufferConfig config, Snapshot<T> from) {
    this(config);
    next = from.next();
    skipped.addAll(from.skipped());
    taken.addAll(from.taken());
    from.kept().forEach(kept -> waiting.put(kept.held().position(), kept.held()));
  }

  private boolean isKnown(long position) {
    return position < next
        || waiting.containsKey(position)
        || skipped.contains(position)
        || taken.contains(position);
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
      skipped.add(position);
    }
  }

  @Override
  public boolean isReady(long version) {
    return switch (config.selection()) {
      case Selection.Windowed(int window) -> ready(window).size() >= config.batch();
      default -> nextBatch().allMatch(this::isKnown);
    };
  }

  private LongStream nextBatch() {
    return LongStream.range(next, next + config.batch());
  }

  /// Groups that wait among the next positions that are not skipped or taken.
  private List<Held<T>> ready(int window) {
    List<Held<T>> ready = new ArrayList<>();
    int seen = 0;
    for (long position = next; seen < window; position++) {
      if (waiting.containsKey(position)) {
        ready.add(waiting.get(position));
      }
      seen += skipped.contains(position) || taken.contains(position) ? 0 : 1;
    }
    return ready;
  }

  @Override
  public Batch<T> take(long version) {
    if (!isReady(version)) {
      throw new IllegalStateException("a batch must be ready: version=%d".formatted(version));
    }
    List<Held<T>> groups =
        switch (config.selection()) {
          case Selection.Windowed(int window) -> ready(window).subList(0, config.batch());
          default -> nextBatch().filter(waiting::containsKey).mapToObj(waiting::get).toList();
        };
    Batch<T> batch = Batch.of(version, groups);
    groups.forEach(group -> requireFresh(group, version));
    batch.groups().forEach(group -> end(group.position()));
    if (!(config.selection() instanceof Selection.Windowed)) {
      nextBatch().forEach(skipped::add);
    }
    advance();
    return batch;
  }

  private void end(long position) {
    waiting.remove(position);
    taken.add(position);
  }

  private void advance() {
    while (skipped.contains(next) || taken.contains(next)) {
      skipped.remove(next);
      taken.remove(next);
      next++;
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
  public int size() {
    return waiting.size();
  }

  @Override
  public Counts counts() {
    return new Counts(0, 0);
  }

  @Override
  public List<Kept<T>> kept() {
    return waiting.values().stream().map(held -> new Kept<>(held, 0, 0, 1)).toList();
  }

  long next() {
    return next;
  }

  List<Long> skipped() {
    return List.copyOf(skipped);
  }

  List<Long> taken() {
    return List.copyOf(taken);
  }
}
