package dev.burnish.store.tensors;

import dev.burnish.link.RegionReader;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/// Writes tensors with what is read of a snapshot. One of another type, with gaps or on another
/// device is read to memory of the stored type first, and copied from there; some at a time, so
/// that a state dict is not there twice.
final class Writing {
  /// Bytes of such memory at a time, if a single tensor does not need more.
  private static final long MAX_BYTES = 256 << 20;

  private Writing() {}

  /// A tensor to be written, and which elements go there.
  ///
  /// @param view as which floating-point tensors are read
  record Target(Reading.Needed needed, Tensor into, View view) {
    private DType stored() {
      return needed.stored().spec().dtype();
    }

    boolean isWrittenWhereItIs() {
      return into.isContiguous() && into.device().equals(Device.CPU) && into.dtype() == stored();
    }

    /// Bytes of the memory that it needs.
    long bytes() {
      return isWrittenWhereItIs() ? 0 : into.numElements() * stored().bytes();
    }

    /// A tensor of its shape to be written, the caller's; or itself.
    Tensor written() {
      return isWrittenWhereItIs()
          ? into
          : TensorScope.outside(() -> Tensor.empty(stored(), Device.CPU, into.shape()));
    }

    private void requireType() {
      DType expected = view.type(stored());
      if (into.dtype() != expected) {
        throw new IllegalArgumentException(
            "a tensor must have the type of what is read into it: key=%s type=%s stored=%s; read by a store that is seen `as` another type to convert"
                .formatted(needed.stored().key(), into.dtype(), stored()));
      }
    }
  }

  /// Writes all, or none if one has another type than what is read.
  ///
  /// @throws IllegalArgumentException if one has another type
  /// @throws StoreException if a part cannot be read; some is written then too
  static void write(RegionReader reader, List<Target> targets) {
    targets.forEach(Target::requireType);
    List<Target> some = new ArrayList<>();
    long bytes = 0;
    for (Target target : targets) {
      if (bytes + target.bytes() > MAX_BYTES && !some.isEmpty()) {
        writeSome(reader, some);
        some.clear();
        bytes = 0;
      }
      some.add(target);
      bytes += target.bytes();
    }
    writeSome(reader, some);
  }

  private static void writeSome(RegionReader reader, List<Target> targets) {
    Reading reading = new Reading(reader);
    List<Tensor> written = new ArrayList<>();
    try {
      for (Target target : targets) {
        Tensor memory = target.written();
        written.add(memory);
        reading.add(target.needed(), memory.segment());
      }
      reading.run();
      for (int i = 0; i < targets.size(); i++) {
        if (!targets.get(i).isWrittenWhereItIs()) {
          Tensor _ = targets.get(i).into().copy_(written.get(i));
        }
      }
    } finally {
      for (int i = 0; i < written.size(); i++) {
        if (!targets.get(i).isWrittenWhereItIs()) {
          written.get(i).close();
        }
      }
    }
  }
}
