package dev.burnish.engine;

import dev.burnish.nn.Weights;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Versions in memory, and how many snapshots of them are open.
final class PublishedVersions implements WeightSource, AutoCloseable {
  private final ConcurrentSkipListMap<Long, List<Tensor>> versions = new ConcurrentSkipListMap<>();
  private final List<List<Tensor>> owned = new ArrayList<>();
  private final AtomicInteger open = new AtomicInteger();
  private volatile Runnable beforeOpen = () -> {};

  /// Copies the weights.
  PublishedVersions publish(long version, Weights weights) {
    List<Tensor> parts = new ArrayList<>();
    for (int part = 0; part < weights.numParts(); part++) {
      Tensor values = weights.part(part);
      parts.add(TensorScope.outside(values::copy));
    }
    return publish(version, parts);
  }

  PublishedVersions publish(long version, List<Tensor> parts) {
    owned.add(parts);
    versions.put(version, parts);
    return this;
  }

  /// Runs before each opening, in its thread.
  void beforeOpen(Runnable action) {
    beforeOpen = action;
  }

  int numOpen() {
    return open.get();
  }

  @Override
  public Snapshot open(VersionRange range) {
    beforeOpen.run();
    Map.Entry<Long, List<Tensor>> found = versions.floorEntry(range.most());
    if (found == null || !range.contains(found.getKey())) {
      throw new IllegalArgumentException(
          "no version: asked=%s there=%s".formatted(range, versions.keySet()));
    }
    open.incrementAndGet();
    return new Snapshot(found.getKey(), found.getValue(), open::decrementAndGet);
  }

  @Override
  public void close() {
    owned.forEach(parts -> parts.forEach(Tensor::close));
  }
}
