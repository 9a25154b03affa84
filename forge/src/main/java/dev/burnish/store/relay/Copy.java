package dev.burnish.store.relay;

import dev.burnish.concurrent.Waits;
import dev.burnish.kernel.Team;
import dev.burnish.link.Region;
import dev.burnish.link.bulk.Arrivals;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.store.Manifest;
import dev.burnish.store.Published;
import dev.burnish.store.WeightsException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A version on this host: its memory, and what of it has come. Thread-safe.
final class Copy {
  private final Published published;

  /// Of the parts that come; the others are those of a version before.
  private final SortedMap<Integer, Arrivals> coming;

  private final Set<Integer> damaged = ConcurrentHashMap.newKeySet();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile @Nullable RuntimeException failure;

  /// Bytes that come as one.
  record Block(int part, int number) {}

  /// @param coming by part
  Copy(Published published, Map<Integer, Arrivals> coming) {
    this.published = published;
    this.coming = new TreeMap<>(coming);
    coming.forEach((part, arrivals) -> published.parts().get(part).comesBy(arrivals));
  }

  Manifest manifest() {
    return published.manifest();
  }

  List<Region> parts() {
    return published.parts();
  }

  /// Its memory, whole or not, for another user.
  Published share() {
    return published.share();
  }

  /// The blocks of a stripe that are not there.
  List<Block> missing(int stripe, int numStripes) {
    List<Block> all = blocks().toList();
    return IntStream.range(0, all.size())
        .filter(i -> i % numStripes == stripe)
        .mapToObj(all::get)
        .filter(block -> !arrivals(block.part()).isThere(block.number()))
        .toList();
  }

  private Stream<Block> blocks() {
    return coming.entrySet().stream()
        .flatMap(part ->
            IntStream.range(0, part.getValue().numBlocks())
                .mapToObj(number -> new Block(part.getKey(), number)));
  }

  /// The blocks of a part.
  List<Block> blocksOf(int part) {
    return blocks().filter(block -> block.part() == part).toList();
  }

  long bytes(Block block) {
    return arrivals(block.part()).bytes(block.number());
  }

  private Arrivals arrivals(int part) {
    Arrivals known = coming.get(part);
    if (known == null) {
      throw new IllegalArgumentException("the part must be one that comes: part=" + part);
    }
    return known;
  }

  /// Notes that a block is there. With the last one of a part, its digest is checked.
  void arrived(Block block) {
    if (arrivals(block.part()).arrived(block.number()) && !published.isSound(block.part())) {
      damaged.add(block.part());
    }
  }

  /// Makes parts of those of a version before, where there are changes.
  ///
  /// @param changes in the order of the parts, none for those that come whole
  /// @throws WeightsException if they are none of these parts
  void make(Published before, Published changes) {
    List<Integer> parts = List.copyOf(coming.keySet());
    Team.shared().run(parts.size(), i -> make(before, changes, parts.get(i)));
  }

  private void make(Published before, Published changes, int part) {
    MemorySegment changed = changes.memoryOf(part);
    if (changed.byteSize() > 0) {
      Changes.apply(before.memoryOf(part), changed, published.memoryOf(part));
      blocksOf(part).forEach(this::arrived);
    }
  }

  /// Parts that are there, but with other bytes than those that were published.
  Set<Integer> damaged() {
    return Set.copyOf(damaged);
  }

  /// Checks a part that has come again.
  ///
  /// @throws WeightsException if it is still not what was published
  void requireSound(int part) {
    if (!published.isSound(part)) {
      throw new WeightsException(
          "a part must have the bytes that were published: set=%s version=%d part=%d; the source has sent others"
              .formatted(manifest().set(), manifest().version(), part));
    }
  }

  /// All is there.
  void whole() {
    ended.countDown();
  }

  /// It will not be whole.
  void failed(RuntimeException cause) {
    failure = cause;
    coming.values().forEach(arrivals -> arrivals.fail(String.valueOf(cause.getMessage())));
    ended.countDown();
  }

  /// Whether it is whole, or has failed.
  boolean hasEnded() {
    return ended.getCount() == 0;
  }

  boolean isWhole() {
    return hasEnded() && failure == null;
  }

  /// Waits until it has ended.
  ///
  /// @throws WeightsException if it has failed
  /// @throws CallCancelled on an interrupt
  void await() {
    try {
      Waits.await(ended);
    } catch (InterruptedException e) {
      throw CallCancelled.by(e, "interrupted while a version comes to this host");
    }
    RuntimeException cause = failure;
    if (cause != null) {
      WeightsException failed =
          new WeightsException(
              "a version must come to this host: set=%s version=%d (%s)"
                  .formatted(manifest().set(), manifest().version(), cause.getMessage()));
      failed.initCause(cause);
      throw failed;
    }
  }
}
