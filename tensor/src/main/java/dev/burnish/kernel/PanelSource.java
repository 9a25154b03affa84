package dev.burnish.kernel;

/// The right operand of a batch-invariant product, a matrix `[n, k]`, panel by panel of its rows.
///
/// A panel in F32 has for each of its `k` elements the values of its rows one after the other; rows
/// past the end are zero.
sealed interface PanelSource permits Panels, UnpackedPanels {
  /// Of panels whose values are what they are.
  long NO_SCALES = 0;

  /// Rows of the matrix: columns of the product.
  int n();

  /// The inner dimension.
  int k();

  /// The form of the elements at [#at].
  WeightFormat format();

  /// Address of the elements `[from, from + count)` of a panel in F32: where they are, or `room`,
  /// after they were written there.
  long panel(int panel, int from, int count, long room);

  /// Address of the element `from` of a panel as the format keeps them.
  ///
  /// @throws IllegalStateException if they are not kept in panels
  long at(int panel, int from);

  /// Address of the factors, one for each row, by which sums over a panel are multiplied; or
  /// [#NO_SCALES].
  long scales(int panel);
}
