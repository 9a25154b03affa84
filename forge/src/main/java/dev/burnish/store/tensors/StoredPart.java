package dev.burnish.store.tensors;

import dev.burnish.link.Region;
import dev.burnish.store.fetch.Blocks;
import dev.burnish.store.fetch.Elements;
import dev.burnish.store.fetch.Source;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/// A rank's part of a thing, in memory that its writer wrote. Its blocks are checked when they are
/// first read. Copied and checked by one thread at a time.
final class StoredPart implements Source {
  private final int rank;
  private final Contribution.Item item;
  private final Region memory;
  private final long size;
  private final BitSet checked = new BitSet();

  StoredPart(Contribution contribution, Contribution.Item item) {
    this.rank = contribution.rank();
    this.item = item;
    this.memory = contribution.memory();
    this.size = item.content().spec().bytes(rank);
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public Region memory() {
    return memory;
  }

  @Override
  public long offset() {
    return item.offset();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public String what() {
    return "key=%s rank=%d".formatted(item.key(), rank);
  }

  /// Its bytes where they lie.
  MemorySegment bytes() {
    return memory.segment().asSlice(item.offset(), size);
  }

  @Override
  public void copyHere(Elements elements, MemorySegment into) {
    if (elements.copy().numRuns() == 1) {
      long bytes = elements.to() - elements.from();
      copyTo(elements.from(), into.asSlice(elements.target(), bytes));
    } else {
      check(elements.from(), elements.to());
      elements.copy().copy(bytes(), into, elements.bytes());
    }
  }

  /// Copies the bytes from an offset on. Blocks that go whole are checked on the way.
  ///
  /// @throws StoreException if they are not those that were put; some are copied then too
  private void copyTo(long from, MemorySegment into) {
    long end = from + into.byteSize();
    for (long at = from; at < end; ) {
      long next = Math.min(end, endOf(block(at)));
      boolean whole = at % Blocks.SIZE == 0 && next == endOf(block(at));
      if (whole && !memory.isMapped()) {
        readBlock(at, into.asSlice(at - from, next - at));
      } else {
        next = whole ? endOfSome(next, end) : next;
        check(at, next);
        MemorySegment.copy(bytes(), at, into, at - from, next - at);
      }
      at = next;
    }
  }

  /// The end of some more blocks that end before another end.
  private long endOfSome(long next, long end) {
    long last = next;
    for (int i = 1; i < Blocks.TOGETHER && last < end && endOf(block(last)) <= end; i++) {
      last = endOf(block(last));
    }
    return last;
  }

  /// Reads a block of another process, and checks it while it is in a cache.
  private void readBlock(long at, MemorySegment into) {
    memory.copyTo(item.offset() + at, into);
    requireDigest(block(at), Blocks.digest(into));
  }

  private static int block(long offset) {
    return (int) (offset / Blocks.SIZE);
  }

  private long endOf(int block) {
    return Math.min(size, (block + 1L) * Blocks.SIZE);
  }

  /// Checks the blocks of a range of bytes, as far as they have not been.
  ///
  /// @throws StoreException if they are not those that were put
  void check(long from, long to) {
    for (int block = block(from); from < to && block <= block(to - 1); block++) {
      if (isUnchecked(block)) {
        long start = (long) block * Blocks.SIZE;
        requireDigest(block, Blocks.digest(bytes().asSlice(start, endOf(block) - start)));
        checked(block);
      }
    }
  }

  @Override
  public synchronized boolean isUnchecked(int block) {
    return !checked.get(block);
  }

  @Override
  public synchronized void checked(int block) {
    checked.set(block);
  }

  @Override
  public void requireDigest(int block, int digest) {
    if (digest != item.digests().get(block)) {
      throw new StoreException(
          "a part must have the bytes that were put: key=%s rank=%d block=%d digest=%08x put=%08x; put it again"
              .formatted(item.key(), rank, block, digest, item.digests().get(block)));
    }
  }
}
