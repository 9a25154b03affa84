package dev.burnish.store.tensors;

import dev.burnish.sharding.Layout;
import dev.burnish.tensor.DType;

/// The kind of thing that lies under a key.
public sealed interface Content {
  /// A tensor.
  record OfTensor(TensorSpec spec) implements Content {}

  /// An encoded value.
  ///
  /// @param type name of its class
  /// @param bytes of its encoding
  record OfValue(String type, long bytes) implements Content {
    @Override
    public TensorSpec spec() {
      return new TensorSpec(DType.U8, Layout.whole(bytes));
    }
  }

  /// How its bytes lie.
  TensorSpec spec();
}
