package dev.burnish.store.tensors;

import dev.burnish.sharding.Read;
import dev.burnish.sharding.StridedCopy;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A thing of a snapshot, with the parts of all ranks. Not thread-safe.
final class Stored {
  private final List<Contribution> ranks;
  private final int item;
  private final int number;
  private final Contribution.Item first;
  private final Map<Integer, StoredPart> parts = new HashMap<>();

  private Stored(List<Contribution> ranks, int item, int number) {
    this.ranks = ranks;
    this.item = item;
    this.number = number;
    this.first = ranks.getFirst().items().get(item);
  }

  /// @param number of it in the snapshot
  static Stored of(Holding.Source source, int item, int number) {
    return new Stored(source.ranks(), item, number);
  }

  String key() {
    return first.key();
  }

  Content content() {
    return first.content();
  }

  TensorSpec spec() {
    return first.content().spec();
  }

  int number() {
    return number;
  }

  /// The part of a rank.
  StoredPart part(int rank) {
    return parts.computeIfAbsent(rank, this::open);
  }

  private StoredPart open(int rank) {
    return new StoredPart(ranks.get(rank), ranks.get(rank).items().get(item));
  }

  /// Checks and copies elements.
  ///
  /// @throws StoreException if they are not those that were put
  void copy(Read read, MemorySegment into) {
    StridedCopy copy = read.copy();
    long elementBytes = spec().dtype().bytes();
    StoredPart part = part(read.sourceRank());
    if (copy.numRuns() == 1) {
      long bytes = copy.run() * elementBytes;
      part.copyTo(
          copy.sourceOffset() * elementBytes,
          into.asSlice(copy.targetOffset() * elementBytes, bytes));
    } else {
      check(read);
      copy.copy(part.bytes(), into, spec().dtype().bytes());
    }
  }

  /// Checks the blocks that elements lie in.
  ///
  /// @throws StoreException if they are not those that were put
  void check(Read read) {
    long elementBytes = spec().dtype().bytes();
    part(read.sourceRank())
        .check(read.copy().sourceOffset() * elementBytes, read.copy().sourceEnd() * elementBytes);
  }
}
