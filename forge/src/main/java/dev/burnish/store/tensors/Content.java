package dev.burnish.store.tensors;

import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.tensor.DType;

/// The kind of thing that lies under a key.
public sealed interface Content {
  /// A tensor.
  record OfTensor(TensorSpec spec) implements Content {}

  /// An encoded value, which is the same at all ranks.
  ///
  /// @param type name of its class
  /// @param bytes of its encoding
  /// @param numRanks that put it
  record OfValue(String type, long bytes, int numRanks) implements Content {
    @Override
    public TensorSpec spec() {
      return everywhere(bytes, numRanks);
    }
  }

  /// A state dict, whose leaves lie under keys that begin with its own. It replaces all that was
  /// there.
  ///
  /// @param numRanks that put it
  record OfStateDict(Structure structure, int numRanks) implements Content {
    @Override
    public TensorSpec spec() {
      return everywhere(0, numRanks);
    }
  }

  /// How its bytes lie.
  TensorSpec spec();

  private static TensorSpec everywhere(long bytes, int numRanks) {
    return new TensorSpec(DType.U8, Layout.replicated(DeviceMesh.of(numRanks), bytes));
  }
}
