package dev.burnish.kernel;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;

/// Matrices in one run of native memory, in the layout that [PackedGemm] reads.
///
/// The memory is its own, or that of others, such as a mapped file, which closing leaves alone.
/// Products refuse closed memory, and closing waits for the product that is under way.
final class PackedWeights implements Kernels.Prepared {
  private final PackedGemm gemm;
  private final PackedLayout layout;
  private final Tensor memory;
  private final List<Packed> weights;

  private PackedWeights(PackedGemm gemm, PackedLayout layout, Tensor memory) {
    this.gemm = gemm;
    this.layout = layout;
    this.memory = memory;
    this.weights =
        IntStream.range(0, layout.matrices().size()).mapToObj(i -> new Packed(this, i)).toList();
  }

  /// Memory of its own, with undefined contents.
  static PackedWeights allocate(PackedGemm gemm, PackedLayout layout) {
    return new PackedWeights(
        gemm,
        layout,
        TensorScope.outside(() -> Tensor.empty(DType.I8, Device.CPU, layout.bytes())));
  }

  /// Over memory that stays its owner's, and open as long as this is used.
  static PackedWeights over(PackedGemm gemm, PackedLayout layout, Tensor memory) {
    if (layout.columns() != gemm.columns()
        || memory.dtype() != DType.I8
        || memory.numElements() != layout.bytes()
        || !memory.isContiguous()
        || memory.address() % PackedLayout.ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "packed weights must lie in aligned bytes of their layout's size, in panels of this machine: columns=%d expected=%d memory=%s bytes=%d"
              .formatted(layout.columns(), gemm.columns(), memory, layout.bytes()));
    }
    return new PackedWeights(gemm, layout, TensorScope.outside(memory::alias));
  }

  @Override
  public Packed get(int index) {
    return weights.get(index);
  }

  @Override
  public void update(List<Tensor> weights_NK) {
    List<Matrix> matrices = weights_NK.stream().map(Matrix::of).toList();
    if (matrices.size() != weights.size()) {
      throw new IllegalArgumentException(
          "weights are updated all together: weights=%d expected=%d"
              .formatted(matrices.size(), weights.size()));
    }
    for (int i = 0; i < matrices.size(); i++) {
      Packed target = weights.get(i);
      gemm.pack(matrices.get(i).expect("weight", target.n(), target.k()), target);
    }
  }

  @Override
  public void close() {
    gemm.betweenProducts(memory::close);
  }

  /// One of the matrices.
  ///
  /// @param index in the layout
  record Packed(PackedWeights all, int index) implements Kernels.PreparedWeight {
    int n() {
      return all.layout.matrices().get(index).outputs();
    }

    int k() {
      return all.layout.matrices().get(index).inputs();
    }

    /// Where the matrix is. Valid until the weights are closed.
    ///
    /// @throws IllegalStateException if they are
    Panels open() {
      PackedLayout layout = all.layout;
      return new Panels(
          all.memory.address() + layout.offset(index), layout.format(), layout.columns(), n(), k());
    }
  }
}
