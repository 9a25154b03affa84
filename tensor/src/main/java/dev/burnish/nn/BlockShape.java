package dev.burnish.nn;

import dev.burnish.kernel.Kernels.Heads;

/// The shape of one decoder block: its sizes and the options in which the Llama family differs.
///
/// @param window keys a query sees, itself included; [AttentionPlan#NO_WINDOW] for all
/// @param rope whether queries and keys are rotated by position
/// @param queryKeyNorm whether each head of queries and keys is normalised before rotation
public record BlockShape(
    int hidden,
    int intermediate,
    Heads heads,
    double eps,
    boolean queryKeyValueBias,
    boolean outputBias,
    boolean mlpBias,
    boolean queryKeyNorm,
    boolean rope,
    int window) {
  public BlockShape {
    if (hidden < 1 || intermediate < 1 || window < 1 || !(eps > 0)) {
      throw new IllegalArgumentException(
          "sizes are positive: hidden=%d intermediate=%d window=%d eps=%s"
              .formatted(hidden, intermediate, window, eps));
    }
  }

  /// Columns of queries, keys and values together.
  public int columns() {
    return heads.queryDim() + 2 * heads.keyValueDim();
  }
}
