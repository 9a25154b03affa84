package dev.burnish.store.tensors;

import dev.burnish.sharding.Layout;
import dev.burnish.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// One rank's part of a tensor that is divided among the ranks of a mesh.
///
/// @param rank whose part it is, of the layout's mesh
/// @param local the part, of the shape that the layout gives the rank; the caller's
public record ShardedTensor(Layout layout, int rank, Tensor local) {
  /// @throws IllegalArgumentException if the part has another shape, or there is no such rank
  public ShardedTensor {
    List<Long> expected = layout.box(rank).shape();
    List<Long> shape = Arrays.stream(local.shape()).boxed().toList();
    if (!shape.equals(expected)) {
      throw new IllegalArgumentException(
          "the part of a rank must have the shape that its layout gives it: rank=%d shape=%s expected=%s layout=%s"
              .formatted(rank, shape, expected, layout));
    }
  }

  /// A tensor that is not divided.
  public static ShardedTensor whole(Tensor tensor) {
    return new ShardedTensor(Layout.whole(tensor.shape()), 0, tensor);
  }

  public TensorSpec spec() {
    return new TensorSpec(local.dtype(), layout);
  }
}
