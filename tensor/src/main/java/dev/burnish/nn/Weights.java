package dev.burnish.nn;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;

/// The weights of a model, or of its adaptation: one flat F32 buffer per part, and the version of
/// their contents.
///
/// One buffer per part means one fused optimizer update, one copy to publish or to checkpoint, and
/// matrices that are used together (query, key and value projections) as one matrix. The memory may
/// be owned, mapped from a file or shared with other processes: a [Decoder] works the same over any
/// of them.
///
/// The writer announces each change by [#publish]; a reader that caches anything derived from the
/// weights compares [#changes]. A version is the number under which others know the weights: for a
/// trainer, its step count. Not thread-safe: readers and the writer take turns.
public final class Weights implements AutoCloseable {
  private final List<FlatLayout> layouts;
  private final List<Tensor> parts;
  private final boolean owned;
  private long version;
  private long changes;

  private Weights(List<FlatLayout> layouts, List<Tensor> parts, boolean owned) {
    this.layouts = List.copyOf(layouts);
    this.parts = List.copyOf(parts);
    this.owned = owned;
  }

  /// Weights that are all zero, in memory of their own.
  public static Weights zeros(List<FlatLayout> layouts, Device device) {
    List<Tensor> parts =
        layouts.stream()
            .map(
                layout -> TensorScope.outside(() -> Tensor.zeros(DType.F32, device, layout.size())))
            .toList();
    return new Weights(layouts, parts, true);
  }

  /// Weights with undefined values, in memory of their own. What is never written takes none.
  public static Weights undefined(List<FlatLayout> layouts, Device device) {
    List<Tensor> parts =
        layouts.stream()
            .map(
                layout -> TensorScope.outside(() -> Tensor.empty(DType.F32, device, layout.size())))
            .toList();
    return new Weights(layouts, parts, true);
  }

  /// Weights in memory that stays its owner's, such as a mapped file: closing frees nothing.
  ///
  /// @param parts contiguous F32, `[size of the layout]` each, open while the weights are used
  /// @param version under which the owner published them
  /// @throws IllegalArgumentException if a part does not fit its layout
  public static Weights over(List<FlatLayout> layouts, List<Tensor> parts, long version) {
    if (layouts.size() != parts.size()) {
      throw new IllegalArgumentException(
          "weights must have one tensor per part: parts=%d tensors=%d"
              .formatted(layouts.size(), parts.size()));
    }
    for (int part = 0; part < parts.size(); part++) {
      requireFits(part, layouts.get(part), parts.get(part));
    }
    Weights weights = new Weights(layouts, parts, false);
    weights.version = version;
    return weights;
  }

  /// @throws IllegalArgumentException if a tensor is no contiguous F32 of the size of a layout
  static void requireFits(int part, FlatLayout layout, Tensor tensor) {
    if (tensor.dtype() != DType.F32
        || tensor.shape().length != 1
        || tensor.size(0) != layout.size()
        || !tensor.isContiguous()) {
      throw new IllegalArgumentException(
          "a part must be a contiguous F32 tensor of one dim: part=%d tensor=%s size=%d"
              .formatted(part, tensor, layout.size()));
    }
  }

  /// The layout of each part.
  public List<FlatLayout> layouts() {
    return layouts;
  }

  public int numParts() {
    return parts.size();
  }

  /// All values of a part, `[size]`.
  public Tensor part(int index) {
    return parts.get(index);
  }

  public long numElements() {
    return layouts.stream().mapToLong(FlatLayout::size).sum();
  }

  /// Copies the values of other weights of the same layout, and their version.
  public void copyFrom(Weights other) {
    IntStream.range(0, parts.size()).forEach(i -> parts.get(i).copy_(other.parts.get(i)));
    publish(other.version);
  }

  /// The version that was published last, 0 before.
  public long version() {
    return version;
  }

  /// The number of publications: values derived from the weights are valid while it is unchanged.
  public long changes() {
    return changes;
  }

  /// Announces that the values have changed, and gives them a version.
  public void publish(long newVersion) {
    version = newVersion;
    changes++;
  }

  @Override
  public void close() {
    if (owned) {
      parts.forEach(Tensor::close);
    }
  }
}
