package dev.burnish.store.tensors;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.kernel.Team;
import dev.burnish.link.Region;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/// Copies what a rank puts, one after the other, to memory that travels.
///
/// Fault points: `put.item` before each part of a tensor is written, `put.written` after the last.
final class Packing {
  /// Vectors of kernels, and cache lines, begin at multiples of these bytes.
  private static final long ALIGNMENT = 64;

  private Packing() {}

  /// A piece, and where it is to lie.
  private record Place(Piece piece, Content content, long offset, long bytes) {
    Contribution.Item copyTo(Region memory) {
      MemorySegment to = memory.segment().asSlice(offset, bytes);
      return new Contribution.Item(piece.key(), content, offset, piece.copyTo(to));
    }
  }

  /// The rank whose parts are put together.
  ///
  /// @throws IllegalArgumentException if there is not exactly one
  static int rank(Map<String, ShardedTensor> tensors) {
    Set<Integer> ranks =
        tensors.values().stream().map(ShardedTensor::rank).collect(Collectors.toSet());
    if (ranks.size() != 1) {
      throw new IllegalArgumentException(
          "tensors that are put together must be parts of one rank: ranks=%s".formatted(ranks));
    }
    return ranks.iterator().next();
  }

  /// @param allocation makes memory of so many bytes
  /// @return with that memory
  static Contribution pack(int rank, List<Piece> pieces, LongFunction<Region> allocation) {
    List<Place> places = new ArrayList<>();
    long at = 0;
    for (Piece piece : pieces.stream().sorted(Comparator.comparing(Piece::key)).toList()) {
      Content content = piece.content();
      Place place = new Place(piece, content, at, content.spec().bytes(rank));
      places.add(place);
      at += (place.bytes() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    Region memory = allocation.apply(Math.max(1, at));
    try {
      Contribution.Item[] items = new Contribution.Item[places.size()];
      Team.shared().run(items.length, i -> items[i] = places.get(i).copyTo(memory));
      FaultPoint.reach("put.written");
      long id = ThreadLocalRandom.current().nextLong();
      return new Contribution(id, rank, Contribution.Copy.ONLY, Arrays.asList(items), memory);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }
}
