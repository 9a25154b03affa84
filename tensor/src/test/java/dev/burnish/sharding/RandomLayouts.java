package dev.burnish.sharding;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Layouts as no one would choose them: sizes that nothing divides, dims without indices, scalars,
/// axes of one rank.
final class RandomLayouts {
  private static final int MAX_RANKS = 24;

  private RandomLayouts() {}

  static List<Long> shape(RandomGenerator random) {
    return Stream.generate(() -> random.nextInt(20) == 0 ? 0L : random.nextLong(1, 14))
        .limit(random.nextInt(5))
        .toList();
  }

  static Layout layout(RandomGenerator random, List<Long> shape) {
    int[] sizes;
    do {
      sizes = random.ints(random.nextInt(1, 5), 1, 5).toArray();
    } while (IntStream.of(sizes).reduce(1, (a, b) -> a * b) > MAX_RANKS);
    List<Placement> placements =
        IntStream.of(sizes)
            .mapToObj(_ ->
                shape.isEmpty() || random.nextInt(10) < 3
                    ? Placement.replicate()
                    : Placement.shard(random.nextInt(shape.size())))
            .toList();
    return new Layout(shape, DeviceMesh.of(sizes), placements);
  }
}
