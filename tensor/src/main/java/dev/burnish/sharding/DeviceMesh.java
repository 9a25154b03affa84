package dev.burnish.sharding;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Ranks as a grid with named axes. Ranks are numbered in row-major order: the last axis varies
/// fastest.
///
/// @param axes 1 to 4
public record DeviceMesh(List<Axis> axes) {
  private static final int MAX_AXES = 4;

  /// An axis of the grid.
  ///
  /// @param name such as `dp` or `tp`
  /// @param size number of ranks along it, at least 1
  public record Axis(String name, int size) {
    /// @throws IllegalArgumentException if there are no ranks along it
    public Axis {
      if (size < 1) {
        throw new IllegalArgumentException(
            "an axis of a mesh must have ranks: axis=%s size=%d".formatted(name, size));
      }
    }
  }

  /// @throws IllegalArgumentException if there are no axes or more than 4, two have the same name,
  ///   or there are too many ranks
  public DeviceMesh {
    axes = List.copyOf(axes);
    if (axes.isEmpty() || axes.size() > MAX_AXES) {
      throw new IllegalArgumentException(
          "a mesh must have 1 to %d axes: axes=%s; join axes that are sharded alike"
              .formatted(MAX_AXES, axes));
    }
    Set<String> names = new HashSet<>();
    for (Axis axis : axes) {
      if (!names.add(axis.name())) {
        throw new IllegalArgumentException(
            "axes of a mesh must have different names: axis=%s axes=%s"
                .formatted(axis.name(), axes));
      }
    }
    if (axes.stream().mapToLong(Axis::size).reduce(1, DeviceMesh::times) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a mesh must have at most 2^31 - 1 ranks: axes=%s".formatted(axes));
    }
  }

  /// The product, or more than there may be of ranks.
  private static long times(long ranks, long size) {
    return Math.min(ranks * size, 1L << 31);
  }

  /// A mesh whose axes are named by their position: `0`, `1` and so on.
  public static DeviceMesh of(int... sizes) {
    return new DeviceMesh(
        IntStream.range(0, sizes.length)
            .mapToObj(i -> new Axis(Integer.toString(i), sizes[i]))
            .toList());
  }

  /// The number of ranks.
  public int numRanks() {
    return axes.stream().mapToInt(Axis::size).reduce(1, (a, b) -> a * b);
  }

  /// The coordinate of a rank along each axis.
  ///
  /// @throws IllegalArgumentException if there is no such rank
  public int[] coordinates(int rank) {
    if (rank < 0 || rank >= numRanks()) {
      throw new IllegalArgumentException(
          "a rank must be one of the mesh: rank=%d mesh=%s".formatted(rank, this));
    }
    int[] coordinates = new int[axes.size()];
    int left = rank;
    for (int axis = axes.size() - 1; axis >= 0; axis--) {
      coordinates[axis] = left % axes.get(axis).size();
      left /= axes.get(axis).size();
    }
    return coordinates;
  }

  /// The distance in rank between neighbours along an axis.
  int stride(int axis) {
    return axes.stream().skip(axis + 1L).mapToInt(Axis::size).reduce(1, (a, b) -> a * b);
  }

  /// Such as `dp=2 x tp=4`.
  @Override
  public String toString() {
    return axes.stream()
        .map(axis -> axis.name() + "=" + axis.size())
        .collect(Collectors.joining(" x "));
  }
}
