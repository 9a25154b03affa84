package dev.burnish.store.tensors;

import dev.burnish.sharding.Layout;
import dev.burnish.tensor.DType;

/// The type and layout of a tensor.
public record TensorSpec(DType dtype, Layout layout) {
  /// @throws IllegalArgumentException if there are more bytes than memory is counted in
  public TensorSpec {
    if (layout.numElements() > Long.MAX_VALUE / dtype.bytes()) {
      throw new IllegalArgumentException(
          "a tensor must have less than 2^63 bytes: dtype=%s layout=%s".formatted(dtype, layout));
    }
  }

  /// Bytes of the part of a rank.
  public long bytes(int rank) {
    return layout.box(rank).numElements() * dtype.bytes();
  }
}
