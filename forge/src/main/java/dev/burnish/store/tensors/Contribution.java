package dev.burnish.store.tensors;

import dev.burnish.link.Region;
import dev.burnish.store.fetch.Blocks;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// One rank's parts of things that are put together, in one piece of memory. It travels by handle.
///
/// @param id of the put at this rank, by which a message that comes again is known
/// @param rank whose parts these are
/// @param copy which of the copies of them that the rank puts
/// @param items in the same order at all ranks
/// @param memory that the parts lie in
public record Contribution(long id, int rank, Copy copy, List<Item> items, Region memory)
    implements AutoCloseable {
  /// One of several copies in different places.
  ///
  /// @param number from 0
  /// @param of how many there are to be
  public record Copy(int number, int of) {
    /// The only one.
    public static final Copy ONLY = new Copy(0, 1);

    /// @throws IllegalArgumentException if it is none of them
    public Copy {
      if (number < 0 || number >= of) {
        throw new IllegalArgumentException(
            "a copy must be one of those that there are: number=%d of=%d".formatted(number, of));
      }
    }
  }

  /// A part.
  ///
  /// @param offset of its first byte in the memory
  /// @param digests CRC32C of each MiB of its bytes
  public record Item(String key, Content content, long offset, List<Integer> digests) {
    public Item {
      digests = List.copyOf(digests);
    }
  }

  /// @throws IllegalArgumentException if there are no items, a key is there more than once, items
  ///   are for different numbers of ranks, the rank is none of them, or a part is not within the
  ///   memory or has not a digest per block
  public Contribution {
    items = List.copyOf(items);
    if (items.isEmpty()) {
      throw new IllegalArgumentException("there must be something to put: items=[]");
    }
    int numRanks = numRanks(items);
    Set<String> keys = new HashSet<>();
    for (Item item : items) {
      requireItem(item, rank, numRanks, memory.size());
      if (!keys.add(item.key())) {
        throw new IllegalArgumentException(
            "keys that are put together must be different: key=" + item.key());
      }
    }
  }

  private static void requireItem(Item item, int rank, int numRanks, long memory) {
    int ranks = item.content().spec().layout().numRanks();
    if (ranks != numRanks || rank < 0 || rank >= numRanks) {
      throw new IllegalArgumentException(
          "tensors that are put together must be divided among the same ranks: key=%s rank=%d ranks=%d others=%d; put them apart"
              .formatted(item.key(), rank, ranks, numRanks));
    }
    long bytes = item.content().spec().bytes(rank);
    if (item.offset() < 0 || bytes > memory || item.offset() > memory - bytes) {
      throw new IllegalArgumentException(
          "a part must lie within its memory: key=%s offset=%d bytes=%d memory=%d"
              .formatted(item.key(), item.offset(), bytes, memory));
    }
    if (item.digests().size() != Blocks.count(bytes)) {
      throw new IllegalArgumentException(
          "a part must have a digest per block: key=%s bytes=%d digests=%d blocks=%d"
              .formatted(item.key(), bytes, item.digests().size(), Blocks.count(bytes)));
    }
  }

  private static int numRanks(List<Item> items) {
    return items.getFirst().content().spec().layout().numRanks();
  }

  /// The number of ranks that contribute.
  int numRanks() {
    return numRanks(items);
  }

  /// Whether another rank puts the same things, or this one puts the same things again.
  boolean isOfTheSame(Contribution other) {
    if (items.size() != other.items.size()) {
      return false;
    }
    for (int i = 0; i < items.size(); i++) {
      if (!items.get(i).key().equals(other.items.get(i).key())
          || !items.get(i).content().equals(other.items.get(i).content())) {
        return false;
      }
    }
    return true;
  }

  /// Whether its parts have the same bytes, as far as their digests tell.
  boolean hasDigestsOf(Contribution other) {
    return items.stream()
        .map(Item::digests)
        .toList()
        .equals(other.items.stream().map(Item::digests).toList());
  }

  /// The same for another user, who closes it too.
  public Contribution share() {
    memory.share();
    return this;
  }

  /// The same parts as one of several copies.
  public Contribution withCopy(Copy other) {
    return new Contribution(id, rank, other, items, memory);
  }

  /// The same parts in other memory.
  public Contribution withMemory(Region other) {
    return new Contribution(id, rank, copy, items, other);
  }

  /// The same in memory of this host: where it is, if it is here, or else copied and checked.
  ///
  /// @return to be closed by the caller
  /// @throws StoreException if it cannot be read, or is not as it was put
  /// @throws java.io.UncheckedIOException if there is no room for it
  public Contribution broughtHere() {
    return memory.isHere() ? share() : Bringing.copy(this);
  }

  @Override
  public void close() {
    memory.close();
  }
}
