package dev.burnish.nn;

import dev.burnish.tensor.Tensor;
import java.util.List;

/// A place outside memory for what a block's forward keeps for its backward, where the policy does
/// not keep it: dearer than memory, and far cheaper than computing it again. What comes back is
/// what was put, to the last bit.
public interface ActivationStore {
  /// Copies contiguous tensors of a block away.
  void put(int block, List<Tensor> tensors);

  /// Fills tensors of the same shapes with what was put last for the block.
  void take(int block, List<Tensor> tensors);
}
