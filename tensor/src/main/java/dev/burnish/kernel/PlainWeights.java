package dev.burnish.kernel;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Prepared weights in their original layout: in F32 the weights themselves, else rounded copies in
/// F32, so that results are those of the format.
final class PlainWeights implements Kernels.Prepared {
  private final List<PackedLayout.Shape> shapes;
  private final WeightFormat format;
  private final List<Tensor> weights = new ArrayList<>();

  PlainWeights(List<PackedLayout.Shape> shapes, WeightFormat format) {
    this.shapes = List.copyOf(shapes);
    this.format = format;
  }

  @Override
  public Plain get(int index) {
    return new Plain(this, index);
  }

  @Override
  public void update(List<Tensor> weights_NK) {
    List<long[]> expected =
        shapes.stream().map(shape -> new long[] {shape.outputs(), shape.inputs()}).toList();
    List<long[]> actual = weights_NK.stream().map(Tensor::shape).toList();
    if (!Arrays.deepEquals(actual.toArray(), expected.toArray())) {
      throw new IllegalArgumentException(
          "weights are updated all together, with the same shapes: weights=%s expected=%s"
              .formatted(weights_NK, shapes));
    }
    close();
    weights_NK.forEach(weight -> weights.add(kept(weight)));
  }

  private Tensor kept(Tensor weight) {
    return switch (format) {
      case F32 -> TensorScope.outside(weight::alias);
      case BF16 -> {
        try (Tensor rounded = weight.to(DType.BF16)) {
          yield TensorScope.outside(() -> rounded.to(DType.F32));
        }
      }
      case INT8 -> {
        float[] values = weight.toFloatArray();
        Int8.round(values, Math.toIntExact(weight.size(1)));
        try (Tensor rounded = Tensor.of(values, weight.shape())) {
          yield TensorScope.outside(() -> rounded.to(weight.device()));
        }
      }
    };
  }

  @Override
  public void close() {
    weights.forEach(Tensor::close);
    weights.clear();
  }

  /// One of the weights.
  record Plain(PlainWeights all, int index) implements Kernels.PreparedWeight {
    /// @throws IllegalStateException if it was never updated, or is closed
    Tensor weight() {
      if (index >= all.weights.size()) {
        throw new IllegalStateException(
            "a prepared weight must have values: index=%d; update it before use".formatted(index));
      }
      return all.weights.get(index);
    }
  }
}
