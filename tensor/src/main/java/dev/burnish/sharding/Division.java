package dev.burnish.sharding;

import java.util.Arrays;

/// A dim of a layout, divided by the axes that shard it: the parts that are not empty, in order,
/// and who has each.
///
/// Parts are made one by one, by the rule of [Chunk], and then proven to tile the dim: the first
/// begins at 0, each of the others where the one before it ends, and the last ends with the dim. So
/// no index is missing, and none is there more than once. The parts of a tensor are the products of
/// the parts of its dims, hence tile the tensor.
final class Division {
  private final long[] starts;
  private final long[] ends;
  private final int[] rankOffsets;

  /// @param rankOffsets of each part, the sum over the axes of coordinate times stride
  private Division(long[] starts, long[] ends, int[] rankOffsets) {
    this.starts = starts;
    this.ends = ends;
    this.rankOffsets = rankOffsets;
  }

  /// @throws IllegalStateException if the parts do not tile the dim: a fault of this package
  static Division of(Layout layout, int dim) {
    int[] axes = layout.axesOf(dim);
    int[] sizes = Arrays.stream(axes).map(axis -> layout.mesh().axes().get(axis).size()).toArray();
    int[] strides = Arrays.stream(axes).map(layout.mesh()::stride).toArray();
    int numParts = Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
    long[] starts = new long[numParts];
    long[] ends = new long[numParts];
    int[] rankOffsets = new int[numParts];
    int filled = 0;
    for (int index = 0; index < numParts; index++) {
      Chunk chunk = Chunk.all(layout.shape().get(dim));
      int rankOffset = 0;
      int places = numParts;
      for (int i = 0; i < axes.length; i++) {
        places /= sizes[i];
        int coordinate = index / places % sizes[i];
        chunk = chunk.divided(sizes[i], coordinate);
        rankOffset += coordinate * strides[i];
      }
      if (!chunk.isEmpty()) {
        starts[filled] = chunk.start();
        ends[filled] = chunk.end();
        rankOffsets[filled] = rankOffset;
        filled++;
      }
    }
    Division division =
        new Division(
            Arrays.copyOf(starts, filled),
            Arrays.copyOf(ends, filled),
            Arrays.copyOf(rankOffsets, filled));
    division.requireTiles(layout, dim);
    return division;
  }

  private void requireTiles(Layout layout, int dim) {
    long at = 0;
    int proven = 0;
    while (proven < starts.length && starts[proven] == at) {
      at = ends[proven];
      proven++;
    }
    if (proven < starts.length || at != layout.shape().get(dim)) {
      throw new IllegalStateException(
          "the parts of a dim must tile it: layout=%s dim=%d wrong=%d starts=%s ends=%s"
              .formatted(layout, dim, at, Arrays.toString(starts), Arrays.toString(ends)));
    }
  }

  int numParts() {
    return starts.length;
  }

  long start(int part) {
    return starts[part];
  }

  long end(int part) {
    return ends[part];
  }

  int rankOffset(int part) {
    return rankOffsets[part];
  }

  /// The part that has an index of the dim.
  int partOf(long index) {
    int found = Arrays.binarySearch(starts, index);
    return found >= 0 ? found : -found - 2;
  }
}
