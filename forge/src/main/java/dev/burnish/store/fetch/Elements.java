package dev.burnish.store.fetch;

import dev.burnish.sharding.StridedCopy;

/// Elements of a part, and where they go in another.
///
/// @param bytes of an element
public record Elements(StridedCopy copy, int bytes) {
  /// Offset in the source's part.
  public long from() {
    return copy.sourceOffset() * bytes;
  }

  /// The end in the source's part.
  public long to() {
    return copy.sourceEnd() * bytes;
  }

  /// Offset in the target, of a copy of one run.
  public long target() {
    return copy.targetOffset() * bytes;
  }
}
