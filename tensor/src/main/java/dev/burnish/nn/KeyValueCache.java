package dev.burnish.nn;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/// Keys and values of past tokens: for each block, one row per slot. The caller assigns the slots;
/// those that were never assigned take hardly any memory.
public final class KeyValueCache implements AutoCloseable {
  private final int numSlots;
  private final Device device;
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();

  public KeyValueCache(List<BlockShape> blocks, int numSlots, Device device) {
    this.numSlots = numSlots;
    this.device = device;
    for (BlockShape block : blocks) {
      keys.add(rows(block));
      values.add(rows(block));
    }
  }

  private Tensor rows(BlockShape block) {
    return TensorScope.outside(
        () -> Tensor.sparse(DType.F32, device, numSlots, block.heads().keyValueDim()));
  }

  public int numSlots() {
    return numSlots;
  }

  /// Copies the rows of slots to others; all are read before any is written.
  ///
  /// @param to as many as `from`, each once
  public void copy(int[] from, int[] to) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor from_S = Tensor.of(from, from.length).to(device);
      Tensor to_S = Tensor.of(to, to.length).to(device);
      for (int block = 0; block < keys.size(); block++) {
        keys.get(block).indexCopy_(0, to_S, keys.get(block).indexSelect(0, from_S));
        values.get(block).indexCopy_(0, to_S, values.get(block).indexSelect(0, from_S));
      }
    }
  }

  Tensor keys(int block) {
    return keys.get(block);
  }

  Tensor values(int block) {
    return values.get(block);
  }

  @Override
  public void close() {
    keys.forEach(Tensor::close);
    values.forEach(Tensor::close);
  }
}
