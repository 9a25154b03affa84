package dev.burnish.nn;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;

/// The values of one part of a model's weights, in host memory of others.
public sealed interface PartValues {
  /// One parameter after the other.
  ///
  /// @param values contiguous F32, `[size of the part]`
  record Plain(Tensor values) implements PartValues {
    @Override
    public long numElements() {
      return values.numElements();
    }

    @Override
    public Tensor unpacked() {
      return values.alias();
    }
  }

  /// Packed for generation.
  ///
  /// @param memory bytes, of the size of the part
  record Packed(PackedPart part, Tensor memory) implements PartValues {
    /// @throws IllegalArgumentException if the memory is of another size or type
    public Packed {
      if (memory.dtype() != DType.I8 || memory.numElements() != part.bytes()) {
        throw new IllegalArgumentException(
            "a packed part must lie in bytes of its size: bytes=%d memory=%s"
                .formatted(part.bytes(), memory));
      }
    }

    @Override
    public long numElements() {
      return part.layout().size();
    }

    @Override
    public Tensor unpacked() {
      Tensor values = Tensor.empty(DType.F32, Device.CPU, numElements());
      if (numElements() > 0) {
        part.unpack(memory.segment(), values.segment());
      }
      return values;
    }
  }

  /// Parameters' elements.
  long numElements();

  /// The values in the order of the parameters, `[size of the part]`: the same memory where they
  /// lie so, else a copy. The caller's to close.
  Tensor unpacked();
}
