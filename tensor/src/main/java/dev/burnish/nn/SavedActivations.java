package dev.burnish.nn;

import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The activations that a block's forward keeps for its backward. Closing frees them, except the
/// block's input, which belongs to the caller.
public final class SavedActivations implements AutoCloseable {
  final Tensor x_TH;
  private final Tensor slab;
  private long used;
  final Tensor rstd1_T;
  private final @Nullable Tensor rawQueryKey_TC;
  private final @Nullable Tensor headRstd;
  final Tensor qkv_TC;
  final Tensor attended_TC;
  final Tensor logsumexp_TQ;
  final Tensor middle_TH;
  final Tensor rstd2_T;
  final Tensor gateUp_T2I;

  /// One slab of memory for all of it: many tensors of many sizes, allocated and freed between
  /// others, would leave holes.
  SavedActivations(BlockShape shape, Tensor x_TH) {
    Heads heads = shape.heads();
    long tokens = x_TH.size(0);
    this.x_TH = x_TH;
    slab = f32(x_TH.device(), tokens * (bytesPerToken(shape) / Float.BYTES));
    boolean norm = shape.queryKeyNorm();
    qkv_TC = take(tokens, shape.columns());
    attended_TC = take(tokens, heads.queryDim());
    middle_TH = take(tokens, shape.hidden());
    gateUp_T2I = take(tokens, 2L * shape.intermediate());
    rawQueryKey_TC = norm ? take(tokens, heads.queryDim() + heads.keyValueDim()) : null;
    headRstd = norm ? take(tokens * (heads.query() + heads.keyValue())) : null;
    logsumexp_TQ = take(tokens, heads.query());
    rstd1_T = take(tokens);
    rstd2_T = take(tokens);
  }

  private Tensor take(long... dims) {
    long size = 1;
    for (long dim : dims) {
      size *= dim;
    }
    try (Tensor run = slab.narrow(0, used, size)) {
      used += size;
      return run.view(dims);
    }
  }

  /// Copies queries and keys as they are before their norms, and returns the room for the `rstd` of
  /// those.
  Tensor keepRaw(Tensor qkv_TC) {
    Tensor raw_TC = rawQueryKey();
    raw_TC.copy_(qkv_TC.narrow(1, 0, raw_TC.size(1)));
    return headRstd();
  }

  /// Queries and keys before their norms, of a block that has such norms.
  Tensor rawQueryKey() {
    return Objects.requireNonNull(rawQueryKey_TC);
  }

  /// The `rstd` of these norms: of all queries, then of all keys.
  Tensor headRstd() {
    return Objects.requireNonNull(headRstd);
  }

  /// All of it in one tensor.
  Tensor memory() {
    return slab;
  }

  @Override
  public void close() {
    for (Tensor tensor :
        new @Nullable Tensor[] {
          rstd1_T,
          rawQueryKey_TC,
          headRstd,
          qkv_TC,
          attended_TC,
          logsumexp_TQ,
          middle_TH,
          rstd2_T,
          gateUp_T2I,
          slab
        }) {
      if (tensor != null) {
        tensor.close();
      }
    }
  }

  /// Bytes per token of the batch.
  public static long bytesPerToken(BlockShape shape) {
    Heads heads = shape.heads();
    long floats =
        2
            + shape.columns()
            + heads.queryDim()
            + heads.query()
            + shape.hidden()
            + 2L * shape.intermediate();
    long raw =
        shape.queryKeyNorm()
            ? heads.queryDim() + heads.keyValueDim() + heads.query() + heads.keyValue()
            : 0;
    return 4 * (floats + raw);
  }

  /// Bytes of all of it.
  long bytes() {
    return slab.numElements() * Float.BYTES;
  }

  private static Tensor f32(Device device, long... shape) {
    return Tensor.empty(DType.F32, device, shape);
  }
}
