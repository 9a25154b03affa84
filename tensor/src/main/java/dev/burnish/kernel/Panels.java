package dev.burnish.kernel;

import java.lang.foreign.ValueLayout;

/// A packed matrix `[n, k]` in memory, as [PackedLayout] says.
record Panels(long address, WeightFormat format, int columns, int n, int k) implements PanelSource {
  /// Elements of a row that are moved at a time, as in [UnpackedPanels].
  private static final int BLOCK = 64;

  private long start(int panel) {
    return address + panel * panelBytes();
  }

  @Override
  public long at(int panel, int from) {
    long scales = format == WeightFormat.INT8 ? 4L * columns : 0;
    return start(panel) + scales + (long) from * columns * format.bytes();
  }

  @Override
  public long scales(int panel) {
    return format == WeightFormat.INT8 ? start(panel) : NO_SCALES;
  }

  @Override
  public long panel(int panel, int from, int count, long room) {
    long source = at(panel, from);
    return switch (format) {
      case F32 -> source;
      case BF16 -> {
        Bf16.widen(source, columns, count, room);
        yield room;
      }
      case INT8 -> {
        Int8.widen(source, columns, count, room);
        yield room;
      }
    };
  }

  /// Packs a panel of a matrix.
  ///
  /// @param room for the panel in F32
  void pack(UnpackedPanels w, int panel, long room) {
    switch (format) {
      case F32 -> w.panel(panel, 0, k, start(panel));
      case BF16 -> {
        w.panel(panel, 0, k, room);
        Bf16.narrow(room, columns, k, start(panel));
      }
      case INT8 -> {
        w.panel(panel, 0, k, room);
        Int8.narrow(room, columns, k, start(panel));
        long end = at(panel, k);
        Matrix.MEMORY.asSlice(end, start(panel) + panelBytes() - end).fill((byte) 0);
      }
    }
  }

  /// A matrix of the same form elsewhere.
  Panels elsewhere(long other) {
    return new Panels(other, format, columns, n, k);
  }

  /// Bytes of a panel.
  long panelBytes() {
    return PackedLayout.panelBytes(format, columns, k);
  }

  /// Writes the rows of a panel to where they are in a matrix `[n, k]`.
  ///
  /// @param room for the panel in F32
  void unpack(int panel, Matrix target, long room) {
    long source = panel(panel, 0, k, room);
    int first = panel * columns;
    int present = Math.min(columns, n - first);
    for (int block = 0; block < k; block += BLOCK) {
      int length = Math.min(BLOCK, k - block);
      for (int j = 0; j < present; j++) {
        long from = source + 4L * ((long) block * columns + j);
        gather(from, scale(panel, j), target.row(first + j) + 4L * block, length);
      }
    }
  }

  private float scale(int panel, int column) {
    return format == WeightFormat.INT8 ? Matrix.get(start(panel) + 4L * column) : 1;
  }

  /// Writes a row of the matrix.
  void row(int row, long target) {
    int panel = row / columns;
    int j = row % columns;
    switch (format) {
      case F32 -> gather(start(panel) + 4L * j, 1, target, k);
      case BF16 -> {
        for (int p = 0; p < k; p++) {
          Matrix.set(target + 4L * p, Bf16.get(at(panel, p), columns, j));
        }
      }
      case INT8 -> {
        float scale = scale(panel, j);
        for (int p = 0; p < k; p++) {
          byte number = Matrix.MEMORY.get(ValueLayout.JAVA_BYTE, at(panel, p) + j);
          Matrix.set(target + 4L * p, number * scale);
        }
      }
    }
  }

  private void gather(long source, float scale, long target, int count) {
    for (int p = 0; p < count; p++) {
      Matrix.set(target + 4L * p, Matrix.get(source + 4L * p * columns) * scale);
    }
  }
}
