package dev.burnish.engine.cache;

import java.util.Arrays;
import java.util.BitSet;

/// The blocks of a cache that hold nothing, handed out so that the blocks of a sequence are
/// adjacent where that is possible.
///
/// Idea: blocks lie in runs. A sequence takes its first block from a run with the most free blocks,
/// and then the block after its last one. So sequences that grow at the same time each fill a run
/// of their own, as long as there are runs for all. Runs are linked in a list per number of free
/// blocks, so that taking and giving take constant time.
final class BlockPool {
  /// Blocks of a run.
  static final int RUN = 16;

  private static final int NONE = -1;

  private final int numBlocks;
  private final BitSet free;
  private final int[] freeInRun;
  private final int[] first = new int[RUN + 1];
  private final int[] next;
  private final int[] previous;
  private int numFree;

  BlockPool(int numBlocks) {
    this.numBlocks = numBlocks;
    int runs = (numBlocks + RUN - 1) / RUN;
    free = new BitSet(numBlocks);
    freeInRun = new int[runs];
    next = new int[runs];
    previous = new int[runs];
    clear();
  }

  /// Makes all blocks free.
  void clear() {
    free.set(0, numBlocks);
    numFree = numBlocks;
    Arrays.fill(first, NONE);
    for (int run = freeInRun.length - 1; run >= 0; run--) {
      freeInRun[run] = Math.min(RUN, numBlocks - run * RUN);
      link(run);
    }
  }

  int numFree() {
    return numFree;
  }

  /// Takes a free block for a sequence without blocks.
  int take() {
    int most = RUN;
    while (first[most] == NONE) {
      most--;
    }
    return taken(free.nextSetBit(first[most] * RUN));
  }

  /// Takes a free block, the one after `block` if it is free.
  int takeAfter(int block) {
    return free.get(block + 1) ? taken(block + 1) : take();
  }

  private int taken(int block) {
    free.clear(block);
    numFree--;
    count(block / RUN, -1);
    return block;
  }

  void give(int block) {
    if (free.get(block)) {
      throw new IllegalStateException("a block must be given back once: block=" + block);
    }
    free.set(block);
    numFree++;
    count(block / RUN, 1);
  }

  private void count(int run, int change) {
    unlink(run);
    freeInRun[run] += change;
    link(run);
  }

  private void unlink(int run) {
    if (previous[run] == NONE) {
      first[freeInRun[run]] = next[run];
    } else {
      next[previous[run]] = next[run];
    }
    if (next[run] != NONE) {
      previous[next[run]] = previous[run];
    }
  }

  private void link(int run) {
    int head = first[freeInRun[run]];
    previous[run] = NONE;
    next[run] = head;
    if (head != NONE) {
      previous[head] = run;
    }
    first[freeInRun[run]] = run;
  }
}
