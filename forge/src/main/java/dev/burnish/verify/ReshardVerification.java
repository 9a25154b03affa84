package dev.burnish.verify;

import dev.burnish.sharding.Box;
import dev.burnish.sharding.Layout;
import dev.burnish.sharding.StridedCopy;
import dev.burnish.store.tensors.MemoryCatalogue;
import dev.burnish.store.tensors.ShardedTensor;
import dev.burnish.store.tensors.TensorSpec;
import dev.burnish.store.tensors.TensorStore;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Compares resharding with torch's DTensor: a tensor is put by every rank of a layout, read by
/// every rank of another, and the bytes of each are compared by digest.
final class ReshardVerification {
  private static final String KEY = "tensor";

  /// U8 counts modulo a prime, so that no row repeats the one before it.
  private static final int MODULUS = 251;

  /// The largest F8_E4M3, which has no infinity.
  private static final int LARGEST_E4M3 = 448;

  private static final int PIECE = 1 << 20;

  private ReshardVerification() {}

  /// The outcome of a case: nothing differs, or where it first does.
  record Result(String name, boolean passed, String detail) {}

  static List<Result> verify(Path file) {
    return ReshardCase.read(file).stream().map(ReshardVerification::verify).toList();
  }

  private static Result verify(ReshardCase each) {
    List<String> differ = new ArrayList<>();
    try (MemoryCatalogue catalogue = new MemoryCatalogue();
        TensorStore store = new TensorStore(catalogue);
        Tensor values = values(each.source())) {
      put(store, each.source(), values);
      for (int rank = 0; rank < each.target().numRanks(); rank++) {
        try (Tensor part = store.get(KEY, each.target(), rank)) {
          String digest = sha256(part.segment());
          if (!digest.equals(each.digests().get(rank))) {
            differ.add(
                "rank=%d part=%s sha256=%s expected=%s"
                    .formatted(rank, each.target().box(rank), digest, each.digests().get(rank)));
          }
        }
      }
    }
    return new Result(
        each.name(),
        differ.isEmpty(),
        differ.isEmpty()
            ? "%d to %d ranks".formatted(each.source().layout().numRanks(), each.digests().size())
            : "%d of %d ranks differ, first %s"
                .formatted(differ.size(), each.digests().size(), differ.getFirst()));
  }

  private static void put(TensorStore store, TensorSpec spec, Tensor values) {
    Layout layout = spec.layout();
    Box whole = Box.whole(layout.shape());
    for (int rank = 0; rank < layout.numRanks(); rank++) {
      Box box = layout.box(rank);
      long[] shape = box.shape().stream().mapToLong(Long::longValue).toArray();
      try (Tensor part = Tensor.empty(spec.dtype(), Device.CPU, shape)) {
        if (!box.isEmpty()) {
          StridedCopy.of(box, whole, box)
              .copy(values.segment(), part.segment(), spec.dtype().bytes());
        }
        store.put(KEY, new ShardedTensor(layout, rank, part));
      }
    }
  }

  /// 0, 1, 2, ... as `torch.arange(n).to(dtype)` has them: 64-bit integers converted as libtorch
  /// does, so floating-point types round to the nearest, ties to even, integers keep their lowest
  /// bits, and only the first BOOL is false. U8 counts modulo 251; F8_E4M3 stays at its largest, as
  /// in torch 2.15, where earlier ones had NaN.
  private static Tensor values(TensorSpec spec) {
    long size = spec.layout().numElements();
    Tensor values = Tensor.empty(spec.dtype(), Device.CPU, size);
    for (long at = 0; at < size; at += PIECE) {
      long count = Math.min(PIECE, size - at);
      try (Tensor integers = Tensor.empty(DType.I64, Device.CPU, count)) {
        MemorySegment segment = integers.segment();
        for (long i = 0; i < count; i++) {
          segment.setAtIndex(ValueLayout.JAVA_LONG, i, value(at + i, spec.dtype()));
        }
        try (Tensor converted = integers.to(spec.dtype());
            Tensor piece = values.narrow(0, at, count)) {
          Tensor _ = piece.copy_(converted);
        }
      }
    }
    return values;
  }

  private static long value(long index, DType dtype) {
    return switch (dtype) {
      case U8 -> index % MODULUS;
      case F8_E4M3 -> Math.min(index, LARGEST_E4M3);
      case F64, F32, F16, BF16, F8_E5M2, I64, I32, I16, I8, BOOL -> index;
    };
  }

  private static String sha256(MemorySegment bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (long at = 0; at < bytes.byteSize(); at += PIECE) {
        digest.update(bytes.asSlice(at, Math.min(PIECE, bytes.byteSize() - at)).asByteBuffer());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
