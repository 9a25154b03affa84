package dev.burnish.engine.cache;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/// The blocks whose keys may be used by any sequence that begins alike, and the order in which
/// those that nobody uses are given up.
///
/// Idea: a block is found by the block before it and its own tokens, so a chain of blocks is found
/// by a whole beginning. The first block has, in place of a predecessor, the version of the weights
/// that computed it; so versions share nothing. Tokens are compared, not only their hashes: no
/// prompt can be made to hit the keys of another. Of blocks that are released together the later
/// ones are given up first, since a block is found only through those before it.
final class PrefixCache {
  /// A block's place in a chain: the number of the block before it, or a root, and its tokens.
  @SuppressWarnings("ArrayRecordComponent") // equality is by content
  private record Key(long parent, int[] tokens) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key(long otherParent, int[] otherTokens)
          && parent == otherParent
          && Arrays.equals(tokens, otherTokens);
    }

    @Override
    public int hashCode() {
      return 31 * Long.hashCode(parent) + Arrays.hashCode(tokens);
    }
  }

  private final Map<Key, Integer> blocks = new HashMap<>();
  private final Map<Integer, Key> keys = new HashMap<>();
  private final long[] numbers;
  private final int[] next;
  private final int[] previous;
  private final long[] since;
  private final int end;
  private int numUnused;
  private long lastNumber;
  private long now;

  PrefixCache(int numBlocks) {
    numbers = new long[numBlocks];
    next = new int[numBlocks + 1];
    previous = new int[numBlocks + 1];
    since = new long[numBlocks];
    end = numBlocks;
    clear();
  }

  /// The predecessor of first blocks that weights of that version compute.
  static long root(long version) {
    return -1 - version;
  }

  /// Forgets all blocks.
  void clear() {
    blocks.clear();
    keys.clear();
    next[end] = end;
    previous[end] = end;
    numUnused = 0;
  }

  /// The block with those tokens after a predecessor.
  OptionalInt find(long parent, int[] tokens) {
    Integer block = blocks.get(new Key(parent, tokens));
    return block == null ? OptionalInt.empty() : OptionalInt.of(block);
  }

  /// Makes a block one to be found, unless another one with the same tokens is there.
  ///
  /// @return the number to give as the predecessor of the next block of the chain
  long put(long parent, int[] tokens, int block) {
    Key key = new Key(parent, tokens);
    Integer there = blocks.putIfAbsent(key, block);
    if (there != null) {
      return numbers[there];
    }
    keys.put(block, key);
    numbers[block] = ++lastNumber;
    return lastNumber;
  }

  boolean holds(int block) {
    return keys.containsKey(block);
  }

  /// The number of a block that was found.
  long number(int block) {
    return numbers[block];
  }

  /// Blocks that nobody uses.
  int numUnused() {
    return numUnused;
  }

  /// Says that nobody uses a block any more; it is given up after all that were unused before.
  void unuse(int block) {
    int last = previous[end];
    next[last] = block;
    previous[block] = last;
    next[block] = end;
    previous[end] = block;
    since[block] = ++now;
    numUnused++;
  }

  /// Says that an unused block is used.
  void use(int block) {
    next[previous[block]] = next[block];
    previous[next[block]] = previous[block];
    numUnused--;
  }

  /// The block that has been unused for longest, if there is one.
  int oldest() {
    return next[end];
  }

  /// When a block was unused, counted in blocks that were.
  long since(int block) {
    return since[block];
  }

  /// Gives up an unused block.
  void evict(int block) {
    use(block);
    blocks.remove(keys.remove(block));
  }
}
