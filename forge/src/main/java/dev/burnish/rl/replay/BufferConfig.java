package dev.burnish.rl.replay;

/// Configuration of a replay buffer.
///
/// @param batch groups per step
/// @param capacity most groups that are held; a further one waits, or with replay takes the place
///   of the oldest
/// @param maxStaleness by how many versions the weights that made a group may be older than those
///   that are trained
/// @param selection which groups a step trains on
/// @param seed of the draws
public record BufferConfig(
    int batch, int capacity, int maxStaleness, Selection selection, long seed) {
  /// @throws IllegalArgumentException if a batch could never be there
  public BufferConfig {
    if (batch < 1) {
      throw new IllegalArgumentException("batch must be at least 1: buffer.batch=" + batch);
    }
    if (maxStaleness < 0) {
      throw new IllegalArgumentException(
          "maxStaleness must not be negative: maxStaleness=" + maxStaleness);
    }
    int least = selection instanceof Selection.Windowed(int window) ? window : batch;
    if (least < batch) {
      throw new IllegalArgumentException(
          "window must be at least a batch: buffer.window=%d buffer.batch=%d"
              .formatted(least, batch));
    }
    if (capacity < least) {
      throw new IllegalArgumentException(
          "capacity must hold a batch and the window: buffer.capacity=%d buffer.batch=%d least=%d; raise buffer.capacity"
              .formatted(capacity, batch, least));
    }
  }

  /// Batches of groups in their order, for on-policy training (`maxStaleness` 0) and training at a
  /// fixed lag.
  public static BufferConfig fifo(int batch, int maxStaleness) {
    return new BufferConfig(
        batch, Math.multiplyExact(batch, maxStaleness + 1), maxStaleness, new Selection.Fifo(), 0);
  }

  public BufferConfig withSelection(Selection newSelection, int newCapacity) {
    return new BufferConfig(batch, newCapacity, maxStaleness, newSelection, seed);
  }

  public BufferConfig withSeed(long newSeed) {
    return new BufferConfig(batch, capacity, maxStaleness, selection, newSeed);
  }

  /// The number of versions by which a token that is trained on may be older than the weights that
  /// are trained.
  public int bound() {
    return selection instanceof Selection.Windowed(int window)
        ? maxStaleness + Math.ceilDiv(window - 1, batch)
        : maxStaleness;
  }
}
