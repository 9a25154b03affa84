package dev.burnish.train.memory;

import dev.burnish.nn.ActivationPolicy;
import dev.burnish.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Activations in a file without a name, each block's after those of the blocks before it. It grows
/// as far as the largest batch needs.
///
/// For one forward and backward at a time.
public final class ActivationFile implements ActivationPolicy.Store, AutoCloseable {
  private final StateFile file;
  private final List<Long> ends = new ArrayList<>();

  private ActivationFile(StateFile file) {
    this.file = file;
  }

  /// @param folder where it is to be: a disk, since the memory of a RAM disk is memory
  public static ActivationFile create(Path folder) {
    return new ActivationFile(StateFile.create(folder, 0));
  }

  @Override
  public void put(int block, List<Tensor> tensors) {
    while (ends.size() > block) {
      ends.removeLast();
    }
    while (ends.size() < block) {
      ends.add(start(ends.size()));
    }
    long at = start(block);
    for (Tensor tensor : tensors) {
      file.write(at, tensor);
      at += tensor.segment().byteSize();
    }
    ends.add(at);
  }

  @Override
  public void take(int block, List<Tensor> tensors) {
    long at = start(block);
    for (Tensor tensor : tensors) {
      file.read(at, tensor);
      at += tensor.segment().byteSize();
    }
  }

  private long start(int block) {
    return block == 0 ? 0 : ends.get(block - 1);
  }

  @Override
  public void close() {
    file.close();
  }
}
