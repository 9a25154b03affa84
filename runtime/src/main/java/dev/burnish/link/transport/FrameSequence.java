package dev.burnish.link.transport;

import dev.burnish.wire.WireException;

/// Detects lost, duplicated and reordered frames by their numbers. Not thread-safe.
public final class FrameSequence {
  private int expected;
  private long numDoubled;

  /// Whether to take a frame: not if it is a duplicate.
  ///
  /// @throws WireException if frames before it are missing; the connection cannot continue
  public boolean accept(int number) {
    int ahead = number - expected;
    if (ahead < 0) {
      numDoubled++;
      return false;
    }
    if (ahead > 0) {
      throw new WireException(
          "frames arrive complete and in order: sequence=%d expected=%d; the connection is given up"
              .formatted(number, expected));
    }
    expected++;
    return true;
  }

  /// The number of duplicate frames that were dropped.
  public long numDoubled() {
    return numDoubled;
  }
}
