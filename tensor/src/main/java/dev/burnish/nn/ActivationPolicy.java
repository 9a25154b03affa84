package dev.burnish.nn;

import dev.burnish.tensor.Tensor;
import java.util.List;

/// Selects the blocks that keep their activations for the backward; the others keep only their
/// input and are recomputed (activation checkpointing). The choice changes memory and time, never a
/// number.
@FunctionalInterface
public interface ActivationPolicy {
  /// @param block index from 0
  /// @param savedBytes memory for the activations of one block
  boolean keeps(int block, int numBlocks, long savedBytes);

  static ActivationPolicy keepAll() {
    return (block, numBlocks, savedBytes) -> true;
  }

  static ActivationPolicy recomputeAll() {
    return (block, numBlocks, savedBytes) -> false;
  }

  /// Recomputes every `k`-th block.
  static ActivationPolicy recomputeEvery(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("every k-th block needs k of at least 1: k=" + k);
    }
    return (block, numBlocks, savedBytes) -> block % k != 0;
  }

  /// Keeps the last blocks as far as `bytes` go: the last are used first, and freed first.
  static ActivationPolicy withinBytes(long bytes) {
    return (block, numBlocks, savedBytes) -> (numBlocks - block) * savedBytes <= bytes;
  }

  /// A store outside memory for the activations that the policy does not keep: slower than memory,
  /// and far faster than recomputation. It returns the stored bits unchanged.
  interface Store {
    /// Copies contiguous tensors of a block away.
    void put(int block, List<Tensor> tensors);

    /// Fills tensors of the same shapes with those last stored for the block.
    void take(int block, List<Tensor> tensors);
  }
}
