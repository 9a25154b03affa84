package dev.burnish.store.tensors;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.kernel.Team;
import dev.burnish.link.Region;
import dev.burnish.store.fetch.Blocks;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/// Copies a rank's parts, one after the other, to memory that travels.
///
/// Fault points: `put.item` before each part is written, `put.written` after the last.
final class Packing {
  /// Vectors of kernels, and cache lines, begin at multiples of these bytes.
  private static final long ALIGNMENT = 64;

  private Packing() {}

  /// A part, as what it is stored, and where it is to lie.
  private record Place(String key, ShardedTensor part, TensorSpec spec, long offset) {
    long bytes() {
      return spec.bytes(part.rank());
    }

    List<Integer> copyTo(Region memory) {
      FaultPoint.reach("put.item");
      MemorySegment to = memory.segment().asSlice(offset, bytes());
      try (TensorScope _ = TensorScope.open()) {
        Tensor stored = part.local().to(Device.CPU).to(spec.dtype()).contiguous();
        return Blocks.copy(stored.segment(), to);
      }
    }

    Contribution.Item item(List<Integer> digests) {
      return new Contribution.Item(key, new Content.OfTensor(spec), offset, digests);
    }
  }

  /// @param tensors of the same rank
  /// @param stored the type as which a type is stored
  /// @param allocation makes memory of so many bytes
  /// @return with that memory
  static Contribution pack(
      Map<String, ShardedTensor> tensors,
      UnaryOperator<DType> stored,
      LongFunction<Region> allocation) {
    int rank = rank(tensors);
    List<Place> places = new ArrayList<>();
    long at = 0;
    for (Map.Entry<String, ShardedTensor> each : new TreeMap<>(tensors).entrySet()) {
      ShardedTensor part = each.getValue();
      DType dtype = stored.apply(part.local().dtype());
      Place place = new Place(each.getKey(), part, new TensorSpec(dtype, part.layout()), at);
      places.add(place);
      at += (place.bytes() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    Region memory = allocation.apply(Math.max(1, at));
    try {
      Contribution.Item[] items = new Contribution.Item[places.size()];
      Team.shared()
          .run(items.length, i -> items[i] = places.get(i).item(places.get(i).copyTo(memory)));
      FaultPoint.reach("put.written");
      return of(rank, Arrays.asList(items), memory);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  private static int rank(Map<String, ShardedTensor> tensors) {
    Set<Integer> ranks =
        tensors.values().stream().map(ShardedTensor::rank).collect(Collectors.toSet());
    if (ranks.size() != 1) {
      throw new IllegalArgumentException(
          "tensors that are put together must be parts of one rank: ranks=%s".formatted(ranks));
    }
    return ranks.iterator().next();
  }

  /// @return to be closed by the caller
  static Contribution pack(String key, Content.OfValue content, byte[] encoding) {
    Region memory = Region.allocateInPlace(Math.max(1, encoding.length));
    List<Integer> digests = Blocks.copy(MemorySegment.ofArray(encoding), memory.segment());
    return of(0, List.of(new Contribution.Item(key, content, 0, digests)), memory);
  }

  private static Contribution of(int rank, List<Contribution.Item> items, Region memory) {
    return new Contribution(ThreadLocalRandom.current().nextLong(), rank, items, memory);
  }
}
