package dev.burnish.data;

import dev.burnish.tensor.KeyedRandom;

/// The order in which rows are read: each epoch all of them once, in an order of its own that
/// depends on the seed and the epoch alone. Not thread-safe: one reader owns it.
public final class EpochOrder {
  private final int numRows;
  private final long seed;
  private final boolean shuffled;
  private long epoch;
  private int index;

  private EpochOrder(Position position, boolean shuffled) {
    this.numRows = position.numRows;
    this.seed = position.seed;
    this.epoch = position.epoch;
    this.index = position.index;
    this.shuffled = shuffled;
  }

  /// A place in the order, for a checkpoint.
  ///
  /// @param index rows of this epoch that are already read
  public record Position(long epoch, int index, int numRows, long seed) {
    public Position {
      if (epoch < 0 || numRows <= 0 || index < 0 || index >= numRows) {
        throw new IllegalArgumentException(
            "a position lies in its data: epoch=%d index=%d numRows=%d"
                .formatted(epoch, index, numRows));
      }
    }
  }

  public static EpochOrder shuffled(int numRows, long seed) {
    return new EpochOrder(new Position(0, 0, numRows, seed), true);
  }

  /// The rows as they come, again and again.
  public static EpochOrder sequential(int numRows) {
    return new EpochOrder(new Position(0, 0, numRows, 0), false);
  }

  /// Goes on where another one was.
  ///
  /// @throws IllegalArgumentException if the position is of other data or another seed
  public void resume(Position position) {
    if (position.numRows != numRows || position.seed != seed) {
      throw new IllegalArgumentException(
          "a position goes with its data and seed: saved numRows=%d seed=%d, now numRows=%d seed=%d; resume with the data of the first run"
              .formatted(position.numRows, position.seed, numRows, seed));
    }
    epoch = position.epoch;
    index = position.index;
  }

  public Position position() {
    return new Position(epoch, index, numRows, seed);
  }

  /// The row to read next.
  public int next() {
    int row = shuffled ? (int) permutation().apply(index) : index;
    index++;
    if (index == numRows) {
      index = 0;
      epoch++;
    }
    return row;
  }

  private KeyedPermutation permutation() {
    return new KeyedPermutation(numRows, KeyedRandom.bits(seed, "epoch", epoch));
  }
}
