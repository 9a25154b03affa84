package dev.burnish.store.tensors;

import dev.burnish.link.Region;
import dev.burnish.store.WeightMemory;

/// Memory of a process's puts, which is written again when nobody holds it any more. Thread-safe.
final class WriterMemory implements AutoCloseable {
  private final WeightMemory regions = new WeightMemory(Region::allocateInPlace);

  synchronized Region allocate(long bytes) {
    regions.begin();
    try {
      return regions.take(bytes);
    } finally {
      regions.end();
    }
  }

  /// Ends the writer's use.
  synchronized void giveBack(Region region) {
    regions.giveBack(region);
  }

  /// Gives up what would be written again.
  @Override
  public synchronized void close() {
    regions.close();
  }
}
