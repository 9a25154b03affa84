package dev.burnish.nn;

import dev.burnish.kernel.RopeTable;
import org.jspecify.annotations.Nullable;

/// Rotation tables by length, grown for longer sequences.
public final class RopeTables {
  /// Inverse frequencies of the rotation, and the factor of its cosines and sines.
  public interface Frequencies {
    /// @param positions length of the longest sequence: some kinds of scaling depend on it
    float[] inverse(int positions);

    double attentionFactor();

    /// Whether [#inverse] differs between those two lengths.
    boolean changes(int positions, int otherPositions);
  }

  private final Frequencies frequencies;
  private @Nullable RopeTable table;
  private int madeFor;

  public RopeTables(Frequencies frequencies) {
    this.frequencies = frequencies;
  }

  /// A table that holds the positions from 0 to `positions` - 1 at least.
  public synchronized RopeTable table(int positions) {
    RopeTable current = table;
    if (current == null
        || current.positions() < positions
        || frequencies.changes(madeFor, positions)) {
      int rounded = Math.max(256, Integer.highestOneBit(Math.max(1, positions - 1)) * 2);
      current =
          RopeTable.of(frequencies.inverse(positions), rounded, frequencies.attentionFactor());
      table = current;
      madeFor = positions;
    }
    return current;
  }
}
