package dev.burnish.kernel;

import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;

/// Keys and values as one row per slot, on any device.
///
/// @param keys `[slots, D]`
/// @param values `[slots, D]`
record RowKeyValues(Tensor keys, Tensor values) implements Kernels.KeyValues {
  static RowKeyValues allocate(Heads heads, int numSlots, Device device) {
    return new RowKeyValues(rows(heads, numSlots, device), rows(heads, numSlots, device));
  }

  private static Tensor rows(Heads heads, int numSlots, Device device) {
    return TensorScope.outside(
        () -> Tensor.sparse(DType.F32, device, numSlots, heads.keyValueDim()));
  }

  @Override
  public int numSlots() {
    return Math.toIntExact(keys.size(0));
  }

  @Override
  public void write(Tensor slots_T, Tensor k_TD, Tensor v_TD) {
    keys.indexCopy_(0, slots_T, k_TD);
    values.indexCopy_(0, slots_T, v_TD);
  }

  @Override
  public void copy(int[] from, int[] to) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor from_S = Tensor.of(from, from.length).to(keys.device());
      Tensor to_S = Tensor.of(to, to.length).to(keys.device());
      keys.indexCopy_(0, to_S, keys.indexSelect(0, from_S));
      values.indexCopy_(0, to_S, values.indexSelect(0, from_S));
    }
  }

  @Override
  public void close() {
    keys.close();
    values.close();
  }
}
