package dev.burnish.kernel;

import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.ValueLayout;

/// Keys and values of sixteen tokens each as panels, one for each head, that are read from front to
/// end.
///
/// A panel of keys has the sixteen values of its first dimension, then those of the second: a
/// vector holds one dimension of as many keys as it has lanes, so a score is a sum in one lane and
/// nothing is added across lanes. A panel of values has one token after the other. Panels lie at
/// multiples of a cache line.
final class PanelKeyValues implements Kernels.KeyValues {
  /// Tokens of a panel: lanes of the widest vectors, and a block of a paged cache.
  static final int TOKENS = 16;

  /// Floats that one thread writes before another is worth it.
  private static final int GRAIN = 1 << 15;

  private final Team team;
  private final Heads heads;
  private final int numSlots;
  private final Tensor keys;
  private final Tensor values;
  private final long firstKeys;
  private final long firstValues;

  PanelKeyValues(Team team, Heads heads, int numSlots) {
    this.team = team;
    this.heads = heads;
    this.numSlots = numSlots;
    long panels = ((long) numSlots + TOKENS - 1) / TOKENS;
    long[] shape = {panels * TOKENS, heads.keyValueDim()};
    keys = TensorScope.outside(() -> Tensor.sparse(DType.F32, Device.CPU, shape));
    values = TensorScope.outside(() -> Tensor.sparse(DType.F32, Device.CPU, shape));
    firstKeys = keys.address();
    firstValues = values.address();
  }

  Heads heads() {
    return heads;
  }

  @Override
  public int numSlots() {
    return numSlots;
  }

  private long offset(int panel, int head) {
    return 4L * TOKENS * ((long) panel * heads.keyValueDim() + (long) head * heads.dim());
  }

  /// Address of a head's keys in a panel.
  long keys(int panel, int head) {
    return firstKeys + offset(panel, head);
  }

  /// Address of a head's values in a panel.
  long values(int panel, int head) {
    return firstValues + offset(panel, head);
  }

  @Override
  public void write(Tensor slots_T, Tensor k_TD, Tensor v_TD) {
    int tokens = Math.toIntExact(slots_T.numElements());
    Matrix k = Matrix.of(k_TD).expect("k", tokens, heads.keyValueDim());
    Matrix v = Matrix.of(v_TD).expect("v", tokens, heads.keyValueDim());
    team.ranges(
        tokens,
        GRAIN / heads.keyValueDim(),
        (from, to) -> {
          for (int i = from; i < to; i++) {
            int slot = slot(slots_T, i);
            for (int head = 0; head < heads.keyValue(); head++) {
              long column = 4L * head * heads.dim();
              scatter(k.row(i) + column, keyOf(slot, head));
              Lanes.copy(valueOf(slot, head), v.row(i) + column, heads.dim());
            }
          }
        });
  }

  private int slot(Tensor slots_T, int index) {
    long slot = Matrix.MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, slots_T.address() + 8L * index);
    if (slot < 0 || slot >= numSlots) {
      throw new IllegalArgumentException(
          "a slot must be one of the cache: slot=%d slots=%d".formatted(slot, numSlots));
    }
    return (int) slot;
  }

  /// Address of the first dimension of a key, whose others are [#TOKENS] floats apart.
  long keyOf(int slot, int head) {
    return keys(slot / TOKENS, head) + 4L * (slot % TOKENS);
  }

  /// Address of a value.
  long valueOf(int slot, int head) {
    return values(slot / TOKENS, head) + 4L * (slot % TOKENS) * heads.dim();
  }

  private void scatter(long row, long key) {
    for (int i = 0; i < heads.dim(); i++) {
      Matrix.set(key + 4L * TOKENS * i, Matrix.get(row + 4L * i));
    }
  }

  /// Copies a head's key from one panel to another.
  void copyKey(long from, long to) {
    for (int i = 0; i < heads.dim(); i++) {
      Matrix.set(to + 4L * TOKENS * i, Matrix.get(from + 4L * TOKENS * i));
    }
  }

  @Override
  public void copy(int[] from, int[] to) {
    try (PanelKeyValues read = new PanelKeyValues(team, heads, from.length)) {
      for (int i = 0; i < from.length; i++) {
        copy(this, from[i], read, i);
      }
      for (int i = 0; i < to.length; i++) {
        copy(read, i, this, to[i]);
      }
    }
  }

  private static void copy(PanelKeyValues source, int from, PanelKeyValues target, int to) {
    for (int head = 0; head < source.heads.keyValue(); head++) {
      source.copyKey(source.keyOf(from, head), target.keyOf(to, head));
      Lanes.copy(target.valueOf(to, head), source.valueOf(from, head), source.heads.dim());
    }
  }

  @Override
  public void close() {
    keys.close();
    values.close();
  }
}
