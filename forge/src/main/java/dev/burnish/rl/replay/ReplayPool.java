package dev.burnish.rl.replay;

import dev.burnish.rl.replay.Snapshot.Counts;
import dev.burnish.rl.replay.Snapshot.Kept;
import dev.burnish.tensor.KeyedRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Groups that are drawn, perhaps repeatedly: see [Selection.Uniform] and [Selection.Prioritised].
/// The draws of a step depend on the seed, the version and the groups held.
final class ReplayPool<T> implements Pool<T> {
  private final BufferConfig config;
  private final int uses;
  private final double alpha;
  private final double beta;
  private final NavigableMap<Long, Kept<T>> kept = new TreeMap<>();
  private final BitSet free = new BitSet();
  private final List<Long> positions;
  private final SumTree weights;
  private double highest;
  private Counts counts;

  ReplayPool(BufferConfig config, Snapshot<T> from) {
    this.config = config;
    this.counts = from.counts();
    switch (config.selection()) {
      case Selection.Prioritised(double givenAlpha, double givenBeta, int givenUses) -> {
        alpha = givenAlpha;
        beta = givenBeta;
        uses = givenUses;
      }
      case Selection.Uniform(int givenUses) -> {
        alpha = 0;
        beta = 0;
        uses = givenUses;
      }
      default -> throw new IllegalArgumentException("selection=" + config.selection());
    }
    weights = new SumTree(config.capacity());
    positions = new ArrayList<>();
    IntStream.range(0, config.capacity()).forEach(slot -> positions.add(-1L));
    free.set(0, config.capacity());
    highest = from.highest();
    for (Kept<T> each : from.kept()) {
      keep(each);
    }
  }

  private void keep(Kept<T> each) {
    kept.put(each.held().position(), each);
    free.clear(each.slot());
    positions.set(each.slot(), each.held().position());
    weights.set(each.slot(), Math.pow(each.priority(), alpha));
  }

  private void remove(Kept<T> each) {
    kept.remove(each.held().position());
    weights.set(each.slot(), 0);
    free.set(each.slot());
  }

  @Override
  public boolean canAdd(long position) {
    return true;
  }

  @Override
  public void add(Held<T> group) {
    if (kept.containsKey(group.position())) {
      return;
    }
    if (free.isEmpty()) {
      remove(kept.firstEntry().getValue());
      counts = new Counts(counts.stale(), counts.displaced() + 1);
    }
    keep(new Kept<>(group, free.nextSetBit(0), 0, highest));
  }

  @Override
  public void skip(long position) {}

  @Override
  public boolean isReady(long version) {
    return kept.values().stream().filter(each -> isFresh(each, version)).count() >= config.batch();
  }

  private boolean isFresh(Kept<T> each, long version) {
    return version - each.held().version() <= config.maxStaleness();
  }

  /// Sets how much is to be learned from a group: its chance from now on.
  ///
  /// @throws IllegalArgumentException unless it is finite and positive
  void prioritise(long position, double priority) {
    if (!(priority > 0) || !Double.isFinite(priority)) {
      throw new IllegalArgumentException(
          "a priority must be finite and positive: position=%d priority=%s"
              .formatted(position, priority));
    }
    highest = Math.max(highest, priority);
    Kept<T> old = kept.get(position);
    if (old != null) {
      keep(new Kept<>(old.held(), old.slot(), old.uses(), priority));
    }
  }

  @Override
  public Batch<T> take(long version) {
    if (!isReady(version)) {
      throw new IllegalStateException("a batch must be ready: version=%d".formatted(version));
    }
    expire(version);
    double total = weights.total();
    int size = kept.size();
    RandomGenerator random = KeyedRandom.of(config.seed(), "replay", version);
    List<Kept<T>> drawn = new ArrayList<>();
    List<Double> chances = new ArrayList<>();
    while (drawn.size() < config.batch()) {
      int slot = weights.find(random.nextDouble() * weights.total());
      chances.add(weights.get(slot) / total);
      drawn.add(kept.get(positions.get(slot)));
      weights.set(slot, 0);
    }
    drawn.forEach(this::use);
    return new Batch<>(
        version, drawn.stream().map(Kept::held).toList(), corrections(chances, size));
  }

  private List<Double> corrections(List<Double> chances, int size) {
    List<Double> raw = chances.stream().map(chance -> Math.pow(size * chance, -beta)).toList();
    double most = raw.stream().mapToDouble(weight -> weight).max().orElseThrow();
    return raw.stream().map(weight -> weight / most).toList();
  }

  private void use(Kept<T> each) {
    if (each.uses() + 1 >= uses) {
      remove(each);
    } else {
      keep(new Kept<>(each.held(), each.slot(), each.uses() + 1, each.priority()));
    }
  }

  @Override
  public void expire(long version) {
    List<Kept<T>> stale = kept.values().stream().filter(each -> !isFresh(each, version)).toList();
    stale.forEach(this::remove);
    counts = new Counts(counts.stale() + stale.size(), counts.displaced());
  }

  @Override
  public Optional<Held<T>> find(long position) {
    return Optional.ofNullable(kept.get(position)).map(Kept::held);
  }

  @Override
  public int size() {
    return kept.size();
  }

  @Override
  public Counts counts() {
    return counts;
  }

  @Override
  public Snapshot<T> snapshot(List<Batch<T>> open) {
    return new Snapshot<>(List.copyOf(kept.values()), 0, List.of(), open, highest, counts);
  }
}
