package dev.burnish.nn;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Kernels.KeyValues;
import dev.burnish.tensor.Device;
import java.util.ArrayList;
import java.util.List;

/// Keys and values of past tokens, one per slot, for each block of a decoder. The caller assigns
/// the slots; those that were never assigned take hardly any memory.
public final class KeyValueCache implements AutoCloseable {
  private final int numSlots;
  private final List<KeyValues> blocks = new ArrayList<>();

  /// @throws OutOfMemoryError if there is not enough memory, of which none is held then
  public KeyValueCache(List<BlockShape> shapes, int numSlots, Device device) {
    this.numSlots = numSlots;
    Kernels kernels = Kernels.of(device);
    try {
      shapes.forEach(shape -> blocks.add(kernels.keyValues(shape.heads(), numSlots)));
    } catch (RuntimeException | OutOfMemoryError e) {
      close();
      throw e;
    }
  }

  public int numSlots() {
    return numSlots;
  }

  /// Copies slots to others; all are read before any is written.
  ///
  /// @param to as many as `from`, each once
  public void copy(int[] from, int[] to) {
    blocks.forEach(block -> block.copy(from, to));
  }

  KeyValues block(int index) {
    return blocks.get(index);
  }

  @Override
  public void close() {
    blocks.forEach(KeyValues::close);
  }
}
