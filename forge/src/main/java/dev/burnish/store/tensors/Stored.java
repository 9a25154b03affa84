package dev.burnish.store.tensors;

import dev.burnish.sharding.Read;
import dev.burnish.store.Digest;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;

/// A thing of a snapshot, with the parts of all ranks. Not thread-safe.
final class Stored {
  private final List<Contribution> ranks;
  private final int item;
  private final int number;
  private final Content content;
  private final BitSet checked = new BitSet();

  private Stored(List<Contribution> ranks, int item, int number) {
    this.ranks = ranks;
    this.item = item;
    this.number = number;
    this.content = ranks.getFirst().items().get(item).content();
  }

  /// @param number of it in the snapshot
  static Stored of(Holding.Source source, int item, int number) {
    return new Stored(source.ranks(), item, number);
  }

  String key() {
    return ranks.getFirst().items().get(item).key();
  }

  Content content() {
    return content;
  }

  TensorSpec spec() {
    return content.spec();
  }

  int number() {
    return number;
  }

  /// The bytes of a rank's part.
  MemorySegment part(int rank) {
    long offset = ranks.get(rank).items().get(item).offset();
    return ranks.get(rank).memory().segment().asSlice(offset, spec().bytes(rank));
  }

  /// Copies elements. Those of a part that goes whole in one run are checked on the way, others
  /// once before.
  void copy(Read read, MemorySegment into) {
    int elementBytes = spec().dtype().bytes();
    MemorySegment part = part(read.sourceRank());
    long bytes = read.copy().run() * elementBytes;
    if (bytes == part.byteSize()) {
      long at = read.copy().targetOffset() * elementBytes;
      require(read.sourceRank(), Digest.copy(part, into.asSlice(at, bytes)));
    } else {
      check(read.sourceRank());
      read.copy().copy(part, into, elementBytes);
    }
  }

  /// @throws StoreException if a rank's part has not the bytes that were put
  void check(int rank) {
    if (!checked.get(rank)) {
      require(rank, Digest.of(part(rank)));
    }
  }

  private void require(int rank, long digest) {
    long expected = ranks.get(rank).items().get(item).digest();
    if (digest != expected) {
      throw new StoreException(
          "a part must have the bytes that were put: key=%s rank=%d digest=%08x put=%08x; put it again"
              .formatted(key(), rank, digest, expected));
    }
    checked.set(rank);
  }
}
