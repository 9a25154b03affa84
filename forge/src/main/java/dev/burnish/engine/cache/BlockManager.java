package dev.burnish.engine.cache;

import java.util.OptionalInt;

/// The blocks of a cache of keys and values: who holds each, and which may be reused.
///
/// A block has as many references as sequences hold it. Without one it is free, or, where the
/// [PrefixCache] holds it, there to be found until its place is needed. One thread.
public final class BlockManager {
  /// Slots of a block.
  public static final int SIZE = 16;

  private final BlockPool pool;
  private final PrefixCache prefixes;
  private final int[] references;
  private long version;

  public BlockManager(int numBlocks) {
    pool = new BlockPool(numBlocks);
    prefixes = new PrefixCache(numBlocks);
    references = new int[numBlocks];
  }

  /// Blocks that hold a number of tokens.
  public static int forTokens(int tokens) {
    return Math.ceilDiv(tokens, SIZE);
  }

  public int numBlocks() {
    return references.length;
  }

  /// Blocks that can be allocated.
  public int numAvailable() {
    return pool.numFree() + prefixes.numUnused();
  }

  /// Blocks without a reference that can be found.
  public int numReusable() {
    return prefixes.numUnused();
  }

  public boolean canAllocate(int count) {
    return count <= numAvailable();
  }

  int references(int block) {
    return references[block];
  }

  /// A block with one reference, for a sequence without blocks.
  int allocate() {
    evictIfFull();
    return referenced(pool.take());
  }

  /// A block with one reference, adjacent to the last block of a sequence if possible.
  int allocateAfter(int last) {
    evictIfFull();
    return referenced(pool.takeAfter(last));
  }

  private int referenced(int block) {
    references[block] = 1;
    return block;
  }

  /// Gives up some blocks at a time, so that there are adjacent ones among those that are free: the
  /// oldest, and of the run around it what is not much newer.
  private void evictIfFull() {
    if (pool.numFree() > 0) {
      return;
    }
    if (prefixes.numUnused() == 0) {
      throw new IllegalStateException(
          "a block must be free or unused to be allocated: blocks=" + references.length);
    }
    int enough = Math.min(prefixes.numUnused(), 1 + references.length / 32);
    long age = prefixes.numUnused() / 2;
    while (pool.numFree() < enough) {
      evictAround(prefixes.oldest(), age);
    }
  }

  private void evictAround(int oldest, long age) {
    long newest = prefixes.since(oldest) + age;
    int first = oldest / BlockPool.RUN * BlockPool.RUN;
    int end = Math.min(first + BlockPool.RUN, references.length);
    for (int block = first; block < end; block++) {
      if (references[block] == 0 && prefixes.holds(block) && prefixes.since(block) <= newest) {
        prefixes.evict(block);
        pool.give(block);
      }
    }
  }

  /// Adds a reference.
  void share(int block) {
    if (references[block]++ == 0) {
      prefixes.use(block);
    }
  }

  /// Takes a reference away. Blocks of a sequence are released from the last to the first.
  void release(int block) {
    if (references[block] < 1) {
      throw new IllegalStateException("a block must be held to be released: block=" + block);
    }
    if (--references[block] == 0) {
      if (prefixes.holds(block)) {
        prefixes.unuse(block);
      } else {
        pool.give(block);
      }
    }
  }

  /// The block with those tokens after a predecessor, as in [PrefixCache].
  OptionalInt find(long parent, int[] tokens) {
    return prefixes.find(parent, tokens);
  }

  long number(int block) {
    return prefixes.number(block);
  }

  /// Says which weights compute from now on. What others computed is found no more, so those of its
  /// blocks that nobody holds are free at once: memory that was written is written again before
  /// more of it.
  public void computeBy(long newVersion) {
    if (version != newVersion) {
      version = newVersion;
      while (prefixes.numUnused() > 0) {
        int block = prefixes.oldest();
        prefixes.evict(block);
        pool.give(block);
      }
    }
  }

  /// Lets a full block be found.
  long put(long parent, int[] tokens, int block) {
    return prefixes.put(parent, tokens, block);
  }

  /// Forgets every block that may be found: for when their keys are not what they should be. Nobody
  /// may hold one.
  public void clear() {
    prefixes.clear();
    pool.clear();
  }
}
