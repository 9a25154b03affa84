package dev.burnish.text;

import java.util.Arrays;
import java.util.PriorityQueue;

/// The merges of a byte-pair vocabulary: joins neighbouring tokens, the pair of the lowest rank
/// first, the leftmost one among equals, as Hugging Face's library does.
final class BytePairMerges {
  private static final int SHORT = 96;
  private static final int NONE = Integer.MAX_VALUE;

  private final long[] pairs;
  private final int[] ranks;
  private final int[] merged;
  private final int mask;

  /// @param left left token of each merge, by rank
  /// @param right right token of each merge
  /// @param result token that the two become
  BytePairMerges(int[] left, int[] right, int[] result) {
    int capacity = Integer.highestOneBit(Math.max(8, left.length * 2)) * 2;
    pairs = new long[capacity];
    ranks = new int[capacity];
    merged = new int[capacity];
    mask = capacity - 1;
    Arrays.fill(pairs, -1);
    for (int rank = 0; rank < left.length; rank++) {
      long pair = pair(left[rank], right[rank]);
      int slot = slot(pair);
      pairs[slot] = pair; // the last of equal merges counts, as in the original library
      ranks[slot] = rank;
      merged[slot] = result[rank];
    }
  }

  private static long pair(int left, int right) {
    return ((long) left << 32) | right;
  }

  private int slot(long pair) {
    long hash = pair * 0x9E3779B97F4A7C15L;
    int slot = (int) (hash >>> 33) & mask;
    while (pairs[slot] != pair && pairs[slot] != -1) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private int rank(int left, int right) {
    int slot = slot(pair(left, right));
    return pairs[slot] == -1 ? NONE : ranks[slot];
  }

  private int merge(int left, int right) {
    return merged[slot(pair(left, right))];
  }

  /// Merges the first tokens of the arrays in place and returns how many are left.
  ///
  /// @param lengths bytes that each token stands for, summed up as tokens are joined
  int apply(int[] ids, int[] lengths, int count) {
    return count <= SHORT ? scan(ids, lengths, count) : queue(ids, lengths, count);
  }

  private int scan(int[] ids, int[] lengths, int count) {
    int size = count;
    int[] rank = new int[size];
    for (int i = 0; i + 1 < size; i++) {
      rank[i] = rank(ids[i], ids[i + 1]);
    }
    while (size > 1) {
      int best = 0;
      for (int i = 1; i < size - 1; i++) {
        if (rank[i] < rank[best]) {
          best = i;
        }
      }
      if (rank[best] == NONE) {
        break;
      }
      ids[best] = merge(ids[best], ids[best + 1]);
      lengths[best] += lengths[best + 1];
      int moved = size - best - 2;
      System.arraycopy(ids, best + 2, ids, best + 1, moved);
      System.arraycopy(lengths, best + 2, lengths, best + 1, moved);
      System.arraycopy(rank, best + 2, rank, best + 1, moved);
      size--;
      if (best > 0) {
        rank[best - 1] = rank(ids[best - 1], ids[best]);
      }
      if (best + 1 < size) {
        rank[best] = rank(ids[best], ids[best + 1]);
      }
    }
    return size;
  }

  /// For long words: a queue of candidates; those that a merge has made stale are dropped when they
  /// are polled.
  private int queue(int[] ids, int[] lengths, int count) {
    int[] next = new int[count];
    int[] previous = new int[count];
    PriorityQueue<Long> candidates = new PriorityQueue<>(count);
    for (int i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
      offer(candidates, ids, i, i + 1, count);
    }
    while (!candidates.isEmpty()) {
      long candidate = candidates.remove();
      int left = (int) candidate;
      int right = lengths[left] == 0 ? count : next[left];
      if (right >= count || rank(ids[left], ids[right]) != (int) (candidate >>> 32)) {
        continue;
      }
      ids[left] = merge(ids[left], ids[right]);
      lengths[left] += lengths[right];
      lengths[right] = 0;
      next[left] = next[right];
      if (next[left] < count) {
        previous[next[left]] = left;
      }
      offer(candidates, ids, left, next[left], count);
      if (previous[left] >= 0) {
        offer(candidates, ids, previous[left], left, count);
      }
    }
    int size = 0;
    for (int i = 0; i < count; i = next[i]) {
      ids[size] = ids[i];
      lengths[size++] = lengths[i];
    }
    return size;
  }

  private void offer(PriorityQueue<Long> candidates, int[] ids, int left, int right, int count) {
    if (right < count) {
      int rank = rank(ids[left], ids[right]);
      if (rank != NONE) {
        candidates.add(((long) rank << 32) | left);
      }
    }
  }
}
