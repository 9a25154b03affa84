package dev.burnish.store.tensors;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.link.Region;
import dev.burnish.store.Digest;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/// Copies a rank's parts to memory that travels, each with its digest.
///
/// Fault points: `put.item` before each part is written, `put.written` after the last.
final class Packing {
  /// Vectors of kernels, and cache lines, begin at multiples of these bytes.
  private static final long ALIGNMENT = 64;

  private Packing() {}

  /// @param tensors of the same rank
  /// @return to be closed by the caller
  static Contribution pack(int rank, Map<String, ShardedTensor> tensors) {
    Map<String, ShardedTensor> sorted = new TreeMap<>(tensors);
    long bytes = sorted.values().stream().mapToLong(each -> aligned(each.spec().bytes(rank))).sum();
    Region memory = Region.allocate(Math.max(1, bytes));
    try {
      List<Contribution.Item> items = new ArrayList<>();
      long at = 0;
      for (Map.Entry<String, ShardedTensor> each : sorted.entrySet()) {
        FaultPoint.reach("put.item");
        TensorSpec spec = each.getValue().spec();
        long size = spec.bytes(rank);
        long digest = copy(each.getValue().local(), memory.segment().asSlice(at, size));
        items.add(new Contribution.Item(each.getKey(), new Content.OfTensor(spec), at, digest));
        at += aligned(size);
      }
      FaultPoint.reach("put.written");
      return new Contribution(ThreadLocalRandom.current().nextLong(), rank, items, memory);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /// @return to be closed by the caller
  static Contribution pack(String key, Content.OfValue content, byte[] encoding) {
    Region memory = Region.allocate(Math.max(1, encoding.length));
    long digest = Digest.copy(MemorySegment.ofArray(encoding), memory.segment());
    return new Contribution(
        ThreadLocalRandom.current().nextLong(),
        0,
        List.of(new Contribution.Item(key, content, 0, digest)),
        memory);
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static long copy(Tensor from, MemorySegment to) {
    try (TensorScope _ = TensorScope.open()) {
      return Digest.copy(from.to(Device.CPU).contiguous().segment(), to);
    }
  }
}
