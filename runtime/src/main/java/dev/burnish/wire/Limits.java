package dev.burnish.wire;

/// Limits of encoding and decoding.
///
/// @param maxBytes of one frame, its header included
/// @param maxDepth of nested records, containers and arrays
public record Limits(int maxBytes, int maxDepth) {
  /// @throws IllegalArgumentException if a bound is too small to hold any call
  public Limits {
    if (maxBytes < 1024 || maxDepth < 4) {
      throw new IllegalArgumentException(
          "limits leave room for a call: wire.maxBytes=%d (at least 1024) wire.maxDepth=%d (at least 4)"
              .formatted(maxBytes, maxDepth));
    }
  }

  /// 16 MiB and 64 levels.
  public static Limits defaults() {
    return new Limits(16 << 20, 64);
  }

  /// The same with another bound of a frame.
  public Limits withMaxBytes(int bytes) {
    return new Limits(bytes, maxDepth);
  }
}
