package dev.burnish.kernel;

/// How a batch-invariant product cuts its inner dimension, by its size alone.
///
/// An element is the sum of some chains of fused multiply-adds, one over each segment of the inner
/// dimension, each from zero and in order. The chains are added as a balanced tree, `((0 + 1) + (2
/// + 3)) + ((4 + 5) + (6 + 7))`. So where there are eight, 2, 4 or 8 processes may divide the inner
///   dimension among them: when their sums are added in pairs of neighbours, the result has the
///   bits of one process. Where nobody divides it there are as many as bound the length of a chain,
///   since each costs some time.
///
/// The tree is added up as the chains come: chain `s` ends [#merges]`(s)` subtrees, so at most one
/// sum of each size waits.
///
/// @param inner elements
/// @param count of segments: 1, 2, 4 or 8
record Segments(int inner, int count) {
  static final int MOST = 8;

  /// Sizes of sums: one chain, a pair, a four, and the whole.
  static final int LEVELS = 4;

  /// A longer chain would be less exact.
  private static final int LONGEST = 1024;

  /// Below this, such as for the rank of an adaptation, nobody divides it.
  private static final int SHORTEST = 128;

  /// Those of an inner dimension that stays whole.
  static Segments of(int inner) {
    int count = 1;
    while (count < MOST && count * LONGEST < inner) {
      count *= 2;
    }
    return new Segments(inner, count);
  }

  /// Those of an inner dimension that processes may divide.
  static Segments divisible(int inner) {
    return new Segments(inner, inner < SHORTEST ? 1 : MOST);
  }

  /// The first element of a segment; that of segment [#count] is the end.
  int start(int segment) {
    return (int) ((long) inner * segment / count);
  }

  int length(int segment) {
    return start(segment + 1) - start(segment);
  }

  /// How many earlier sums, the smallest first, the chain of a segment is added to.
  static int merges(int segment) {
    return Integer.numberOfTrailingZeros(segment + 1);
  }
}
