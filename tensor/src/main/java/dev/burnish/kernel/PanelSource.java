package dev.burnish.kernel;

/// The right operand of a batch-invariant product, a matrix `[n, k]`, panel by panel of its rows.
///
/// A panel in F32 has for each of its `k` elements the values of its rows one after the other; rows
/// past the end are zero.
sealed interface PanelSource permits Panels, UnpackedPanels {
  /// Rows of the matrix: columns of the product.
  int n();

  /// The inner dimension.
  int k();

  /// Address of the elements `[from, from + count)` of a panel in F32: where they are, or `room`,
  /// after they were written there.
  long panel(int panel, int from, int count, long room);
}
