package dev.burnish.data;

import dev.burnish.tensor.KeyedRandom;

/// A permutation of `[0, size)` as a function of its key, without a table.
///
/// A Feistel network of four rounds permutes the smallest range of an even number of bits that
/// holds `size`; a result outside is put in again until it falls inside (cycle walking), at most
/// four times on average.
public record KeyedPermutation(long size, long key) {
  private static final int ROUNDS = 4;

  public KeyedPermutation {
    if (size <= 0 || size > 1L << 62) {
      throw new IllegalArgumentException("a permutation has elements: size=" + size);
    }
  }

  /// The image of `position` under the permutation.
  public long apply(long position) {
    if (position < 0 || position >= size) {
      throw new IllegalArgumentException(
          "a position lies in [0, size): position=%d size=%d".formatted(position, size));
    }
    long image = position;
    do {
      image = network(image);
    } while (image >= size);
    return image;
  }

  private long network(long value) {
    int half = (Math.max(2, 64 - Long.numberOfLeadingZeros(size - 1)) + 1) / 2;
    long mask = (1L << half) - 1;
    long left = value >>> half;
    long right = value & mask;
    for (int round = 0; round < ROUNDS; round++) {
      long mixed = left ^ (KeyedRandom.mix(right ^ KeyedRandom.mix(key + round)) & mask);
      left = right;
      right = mixed;
    }
    return left << half | right;
  }
}
