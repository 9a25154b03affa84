package dev.burnish.engine;

import dev.burnish.kernel.Packing;
import dev.burnish.nn.Canary;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.PartValues;
import dev.burnish.nn.Weights;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Versions in memory, as they are or packed, and how many snapshots of them are open.
final class PublishedVersions implements WeightSource, AutoCloseable {
  private final ConcurrentSkipListMap<Long, List<PartValues>> versions =
      new ConcurrentSkipListMap<>();
  private static final Packing.Watcher UNWATCHED =
      new Packing.Watcher() {
        @Override
        public void read(MemorySegment bytes) {}

        @Override
        public void written(MemorySegment bytes) {}
      };

  private final Map<Long, Canary> canaries = new ConcurrentHashMap<>();
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
    versions.put(version, parts.stream().<PartValues>map(PartValues.Plain::new).toList());
    return this;
  }

  /// Packs the weights.
  ///
  /// @param model its parts, in the form in which they are to be packed
  PublishedVersions publish(long version, Weights weights, List<PackedPart> model) {
    List<PartValues> parts = new ArrayList<>();
    for (int part = 0; part < weights.numParts(); part++) {
      PackedPart form = model.get(part);
      Tensor memory = TensorScope.outside(() -> Tensor.zeros(DType.I8, Device.CPU, form.bytes()));
      form.pack(weights.part(part).segment(), memory.segment(), UNWATCHED);
      owned.add(List.of(memory));
      parts.add(new PartValues.Packed(form, memory));
    }
    versions.put(version, parts);
    return this;
  }

  /// Says what the publisher of a version computed with it.
  void expect(long version, Canary canary) {
    canaries.put(version, canary);
  }

  /// Changes a value of a packed part, as a digest would show.
  void damage(long version, int part, long at) {
    List<PartValues> parts = Objects.requireNonNull(versions.get(version));
    MemorySegment memory = ((PartValues.Packed) parts.get(part)).memory().segment();
    memory.set(ValueLayout.JAVA_FLOAT, at, memory.get(ValueLayout.JAVA_FLOAT, at) + 0.5f);
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
    Map.Entry<Long, List<PartValues>> found = versions.floorEntry(range.most());
    if (found == null || !range.contains(found.getKey())) {
      throw new IllegalArgumentException(
          "no version: asked=%s there=%s".formatted(range, versions.keySet()));
    }
    open.incrementAndGet();
    Optional<Canary> canary = Optional.ofNullable(canaries.get(found.getKey()));
    return new Snapshot(found.getKey(), found.getValue(), canary, open::decrementAndGet);
  }

  @Override
  public void close() {
    owned.forEach(parts -> parts.forEach(Tensor::close));
  }
}
