package dev.burnish.sharding;

/// Some indices of a dim that follow each other.
///
/// @param end the index after the last
record Chunk(long start, long end) {
  static Chunk all(long size) {
    return new Chunk(0, size);
  }

  long size() {
    return end - start;
  }

  boolean isEmpty() {
    return end == start;
  }

  /// One of the parts into which `torch.chunk` divides these, where those that it does not make are
  /// empty.
  Chunk divided(int numParts, int part) {
    long most = ceiling(size(), numParts);
    // By division: the product may exceed a `long` where a dim is that large.
    long from = most == 0 || part >= ceiling(size(), most) ? size() : most * part;
    return new Chunk(start + from, start + from + Math.min(most, size() - from));
  }

  private static long ceiling(long size, long divisor) {
    return size / divisor + (size % divisor == 0 ? 0 : 1);
  }
}
