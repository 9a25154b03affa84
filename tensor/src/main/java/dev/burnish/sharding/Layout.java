package dev.burnish.sharding;

import dev.burnish.sharding.Placement.Partial;
import dev.burnish.sharding.Placement.Replicate;
import dev.burnish.sharding.Placement.Shard;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// How a tensor is divided among the ranks of a mesh: the part of every rank is a [Box], and lies
/// there in row-major order without gaps.
///
/// A dim may be sharded along several axes: the first divides the dim, each further one the part
/// that the axes before it left, as in torch's DTensor. Dims may be smaller than an axis, and parts
/// empty.
///
/// @param shape of the whole tensor; none of a scalar
/// @param placements one per axis of the mesh; dims of shards are counted from the front
public record Layout(List<Long> shape, DeviceMesh mesh, List<Placement> placements) {
  /// @throws IllegalArgumentException if a dim is negative, there are too many elements, there is
  ///   not one placement per axis, a dim is sharded that is not there, or a placement is partial
  public Layout {
    shape = List.copyOf(shape);
    requireShape(shape);
    if (placements.size() != mesh.axes().size()) {
      throw new IllegalArgumentException(
          "a layout must have one placement per axis of the mesh: placements=%s mesh=%s"
              .formatted(placements, mesh));
    }
    List<Placement> fromFront = new ArrayList<>();
    for (Placement placement : placements) {
      fromFront.add(checked(placement, shape));
    }
    placements = List.copyOf(fromFront);
  }

  /// A tensor that one rank has whole.
  public static Layout whole(long... shape) {
    return replicated(DeviceMesh.of(1), shape);
  }

  /// A tensor that every rank of a mesh has whole.
  public static Layout replicated(DeviceMesh mesh, long... shape) {
    List<Placement> placements = mesh.axes().stream().map(_ -> Placement.replicate()).toList();
    return new Layout(Arrays.stream(shape).boxed().toList(), mesh, placements);
  }

  private static void requireShape(List<Long> shape) {
    if (shape.stream().anyMatch(dim -> dim < 0)) {
      throw new IllegalArgumentException("a dim must not be negative: shape=" + shape);
    }
    try {
      long _ = numElements(shape);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "a tensor must have at most 2^63 - 1 elements: shape=" + shape, e);
    }
  }

  /// @throws ArithmeticException if they exceed a `long`
  static long numElements(List<Long> shape) {
    return shape.contains(0L)
        ? 0
        : shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
  }

  private static Placement checked(Placement placement, List<Long> shape) {
    return switch (placement) {
      case Shard shard -> {
        int dim = shard.dim() < 0 ? shard.dim() + shape.size() : shard.dim();
        if (dim < 0 || dim >= shape.size()) {
          throw new IllegalArgumentException(
              "a shard must be of a dim of the tensor: placement=%s shape=%s"
                  .formatted(shard, shape));
        }
        yield new Shard(dim);
      }
      case Replicate replicate -> replicate;
      case Partial partial ->
          throw new IllegalArgumentException(
              "a partial tensor has no values yet, only terms of a sum: placement=%s; reduce it over the axis first"
                  .formatted(partial));
    };
  }

  public int numRanks() {
    return mesh.numRanks();
  }

  public long numElements() {
    return numElements(shape);
  }

  /// The part of a rank; it may be empty.
  ///
  /// @throws IllegalArgumentException if there is no such rank
  public Box box(int rank) {
    int[] coordinates = mesh.coordinates(rank);
    List<Long> offsets = new ArrayList<>();
    List<Long> sizes = new ArrayList<>();
    for (int dim = 0; dim < shape.size(); dim++) {
      Chunk chunk = Chunk.all(shape.get(dim));
      for (int axis : axesOf(dim)) {
        chunk = chunk.divided(mesh.axes().get(axis).size(), coordinates[axis]);
      }
      offsets.add(chunk.start());
      sizes.add(chunk.size());
    }
    return new Box(offsets, sizes);
  }

  /// The axes that shard a dim, in order.
  int[] axesOf(int dim) {
    return axes(new Shard(dim));
  }

  /// The axes along which all ranks have the same.
  int[] replicatedAxes() {
    return axes(new Replicate());
  }

  private int[] axes(Placement placement) {
    return IntStream.range(0, placements.size())
        .filter(axis -> placements.get(axis).equals(placement))
        .toArray();
  }

  /// Such as `[512, 512] over dp=2 x tp=4 as [R, S0]`.
  @Override
  public String toString() {
    return "%s over %s as %s".formatted(shape, mesh, placements);
  }
}
