package dev.burnish.sharding;

import java.util.List;
import java.util.stream.IntStream;

/// A rectangular part of a tensor: of each dim the indices from an offset on.
///
/// @param offsets of the first index of each dim
/// @param shape number of indices of each dim
public record Box(List<Long> offsets, List<Long> shape) {
  /// @throws IllegalArgumentException if there are not as many offsets as dims, or one is negative
  public Box {
    offsets = List.copyOf(offsets);
    shape = List.copyOf(shape);
    if (offsets.size() != shape.size() || hasNegative(offsets) || hasNegative(shape)) {
      throw new IllegalArgumentException(
          "a box must have an offset and a size of each dim, none negative: offsets=%s shape=%s"
              .formatted(offsets, shape));
    }
  }

  private static boolean hasNegative(List<Long> values) {
    for (long value : values) {
      if (value < 0) {
        return true;
      }
    }
    return false;
  }

  /// All of a tensor.
  public static Box whole(List<Long> shape) {
    return new Box(shape.stream().map(_ -> 0L).toList(), shape);
  }

  public int numDims() {
    return shape.size();
  }

  /// The first index of a dim.
  public long start(int dim) {
    return offsets.get(dim);
  }

  /// The number of indices of a dim.
  public long size(int dim) {
    return shape.get(dim);
  }

  /// The index after the last of a dim.
  public long end(int dim) {
    return start(dim) + size(dim);
  }

  /// The number of elements; 1 for a scalar.
  public long numElements() {
    return Layout.numElements(shape);
  }

  public boolean isEmpty() {
    return shape.contains(0L);
  }

  /// Whether every index is one of a tensor of that shape.
  public boolean isWithin(List<Long> tensor) {
    return tensor.size() == numDims()
        && IntStream.range(0, numDims())
            .allMatch(
                dim -> start(dim) <= tensor.get(dim) && size(dim) <= tensor.get(dim) - start(dim));
  }

  /// Such as `[2:6, 1:5]`, as one writes a slice.
  @Override
  public String toString() {
    return IntStream.range(0, numDims())
        .mapToObj(dim -> start(dim) + ":" + end(dim))
        .toList()
        .toString();
  }
}
