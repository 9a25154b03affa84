package dev.burnish.rl.replay;

/// Weights of a fixed number of slots, from which one is found by a share of their sum: finding and
/// changing take `log(slots)`.
///
/// Each inner node is the sum of its two children, recomputed on every change: nothing drifts.
/// Source: Schaul et al. 2015 (prioritized experience replay), appendix B.2.1.
final class SumTree {
  private final int leaves;
  private final double[] sums;

  SumTree(int slots) {
    leaves = Integer.highestOneBit(Math.max(1, slots - 1)) * 2;
    sums = new double[2 * leaves];
  }

  /// @param weight zero for a slot that is not to be found
  void set(int slot, double weight) {
    int node = leaves + slot;
    sums[node] = weight;
    for (node /= 2; node > 0; node /= 2) {
      sums[node] = sums[2 * node] + sums[2 * node + 1];
    }
  }

  double get(int slot) {
    return sums[leaves + slot];
  }

  double total() {
    return sums[1];
  }

  /// The slot in whose interval a point of `[0, total)` lies; intervals are in the order of slots.
  int find(double point) {
    int node = 1;
    double rest = point;
    while (node < leaves) {
      int left = 2 * node;
      boolean goesLeft = rest < sums[left] || sums[left + 1] == 0;
      rest -= goesLeft ? 0 : sums[left];
      node = goesLeft ? left : left + 1;
    }
    return node - leaves;
  }
}
