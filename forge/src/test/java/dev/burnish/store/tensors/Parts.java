package dev.burnish.store.tensors;

import dev.burnish.sharding.Box;
import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.Placement;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Layouts, and the parts that ranks have of a tensor whose elements are numbered. Parts are cut by
/// libtorch, which knows nothing of layouts.
final class Parts {
  private static final int MAX_RANKS = 16;

  private Parts() {}

  static Layout layout(List<Long> shape, DeviceMesh mesh, String... placements) {
    return new Layout(
        shape,
        mesh,
        Arrays.stream(placements).map(text -> Placement.parse(text).orElseThrow()).toList());
  }

  /// 0, 1, 2, ... plus a number.
  static Tensor numbered(List<Long> shape, long plus) {
    long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
    Tensor tensor = Tensor.empty(DType.I64, Device.CPU, sizes);
    MemorySegment elements = tensor.segment();
    for (long i = 0; i < tensor.numElements(); i++) {
      elements.setAtIndex(ValueLayout.JAVA_LONG, i, i + plus);
    }
    return tensor;
  }

  /// A box of a tensor, cut dim by dim.
  static Tensor cut(Tensor whole, Box box) {
    Tensor part = whole;
    for (int dim = 0; dim < box.numDims(); dim++) {
      part = part.narrow(dim, box.start(dim), box.size(dim));
    }
    return part.contiguous();
  }

  static long[] elements(Tensor tensor) {
    return tensor.contiguous().segment().toArray(ValueLayout.JAVA_LONG);
  }

  /// A rank's part of 0, 1/3, 2/3, ... as F32.
  static ShardedTensor thirds(Layout layout, int rank) {
    Tensor whole = numbered(layout.shape(), 0).to(DType.F32).mul(1f / 3);
    return new ShardedTensor(layout, rank, cut(whole, layout.box(rank)));
  }

  static ShardedTensor part(Layout layout, int rank, Tensor whole) {
    return new ShardedTensor(layout, rank, cut(whole, layout.box(rank)));
  }

  /// Puts every rank's part.
  static void put(TensorStore store, String key, Layout layout, Tensor whole) {
    for (int rank = 0; rank < layout.numRanks(); rank++) {
      store.put(key, part(layout, rank, whole));
    }
  }

  /// Shapes as no one would choose them: sizes that nothing divides, dims without indices, scalars.
  static List<Long> shape(RandomGenerator random) {
    return Stream.generate(() -> random.nextInt(20) == 0 ? 0L : random.nextLong(1, 14))
        .limit(random.nextInt(5))
        .toList();
  }

  /// A mesh of 1 to 4 axes, some of them of one rank, with any placements.
  static Layout layout(RandomGenerator random, List<Long> shape) {
    int[] sizes;
    do {
      sizes = random.ints(random.nextInt(1, 5), 1, 5).toArray();
    } while (IntStream.of(sizes).reduce(1, (a, b) -> a * b) > MAX_RANKS);
    return new Layout(shape, DeviceMesh.of(sizes), placements(random, shape, sizes.length));
  }

  /// One per axis.
  static List<Placement> placements(RandomGenerator random, List<Long> shape, int numAxes) {
    return IntStream.range(0, numAxes)
        .mapToObj(_ ->
            shape.isEmpty() || random.nextInt(10) < 3
                ? Placement.replicate()
                : Placement.shard(random.nextInt(shape.size())))
        .toList();
  }
}
