package dev.burnish.store.tensors;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.store.fetch.Blocks;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Something to be put under a key.
sealed interface Piece {
  String key();

  /// As what it is stored.
  Content content();

  /// Copies it.
  ///
  /// @return the digest of each block
  List<Integer> copyTo(MemorySegment to);

  /// A rank's part of a tensor.
  ///
  /// @param stored its type in the store
  record OfTensor(String key, ShardedTensor part, DType stored) implements Piece {
    @Override
    public Content content() {
      return new Content.OfTensor(new TensorSpec(stored, part.layout()));
    }

    @Override
    public List<Integer> copyTo(MemorySegment to) {
      FaultPoint.reach("put.item");
      try (TensorScope _ = TensorScope.open()) {
        Tensor tensor = part.local().to(Device.CPU).to(stored).contiguous();
        return Blocks.copy(tensor.segment(), to);
      }
    }
  }

  /// Something that all ranks put alike.
  record OfBytes(String key, Content content, byte[] bytes) implements Piece {
    /// A value, such as an argument of a call.
    ///
    /// @throws IllegalArgumentException if its type does not travel, or it is too large
    static OfBytes value(String key, Object value, int numRanks) {
      byte[] bytes = Values.encode(value);
      return new OfBytes(
          key, new Content.OfValue(value.getClass().getName(), bytes.length, numRanks), bytes);
    }

    @Override
    public List<Integer> copyTo(MemorySegment to) {
      return Blocks.copy(MemorySegment.ofArray(bytes), to);
    }
  }
}
