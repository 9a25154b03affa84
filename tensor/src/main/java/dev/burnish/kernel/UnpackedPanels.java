package dev.burnish.kernel;

/// Panels of a row-major matrix `[n, k]`, each packed when it is needed.
///
/// @param columns rows of the matrix in a panel
record UnpackedPanels(Matrix w, int columns) implements PanelSource {
  /// Elements of a row that are moved at a time, so that the lines that are written stay in the
  /// first-level cache.
  private static final int BLOCK = 64;

  /// Those from one panel on.
  UnpackedPanels from(int panel) {
    int first = panel * columns;
    return new UnpackedPanels(w.rows(first, w.rows() - first), columns);
  }

  @Override
  public int n() {
    return w.rows();
  }

  @Override
  public int k() {
    return w.cols();
  }

  @Override
  public WeightFormat format() {
    return WeightFormat.F32;
  }

  @Override
  public long at(int panel, int from) {
    throw new IllegalStateException("panels must be packed to be read where they are: " + this);
  }

  @Override
  public long scales(int panel) {
    return NO_SCALES;
  }

  @Override
  public long panel(int panel, int from, int count, long room) {
    int first = panel * columns;
    int present = Math.min(columns, w.rows() - first);
    for (int block = 0; block < count; block += BLOCK) {
      int length = Math.min(BLOCK, count - block);
      long target = room + 4L * block * columns;
      for (int j = 0; j < present; j++) {
        scatter(w.row(first + j) + 4L * (from + block), target + 4L * j, length);
      }
      for (int j = present; j < columns; j++) {
        clear(target + 4L * j, length);
      }
    }
    return room;
  }

  private void scatter(long row, long target, int count) {
    for (int p = 0; p < count; p++) {
      Matrix.set(target + 4L * p * columns, Matrix.get(row + 4L * p));
    }
  }

  private void clear(long target, int count) {
    for (int p = 0; p < count; p++) {
      Matrix.set(target + 4L * p * columns, 0);
    }
  }
}
