package dev.burnish.nn;

import dev.burnish.tensor.Tensor;
import java.util.List;

/// Which blocks keep their activations for the backward; the others keep their input only and are
/// computed again (activation checkpointing). The choice changes memory and time, never a number.
@FunctionalInterface
public interface ActivationPolicy {
  /// @param block index from 0
  /// @param savedBytes what keeping one block's activations takes
  boolean keeps(int block, int numBlocks, long savedBytes);

  static ActivationPolicy keepAll() {
    return (block, numBlocks, savedBytes) -> true;
  }

  static ActivationPolicy recomputeAll() {
    return (block, numBlocks, savedBytes) -> false;
  }

  /// Computes every `k`-th block again.
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

  /// A place outside memory for what a block's forward keeps for its backward, where the policy
  /// does not keep it: dearer than memory, and far cheaper than computing it again. What comes back
  /// is what was put, to the last bit.
  interface Store {
    /// Copies contiguous tensors of a block away.
    void put(int block, List<Tensor> tensors);

    /// Fills tensors of the same shapes with what was put last for the block.
    void take(int block, List<Tensor> tensors);
  }
}
