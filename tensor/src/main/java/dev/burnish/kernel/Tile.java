package dev.burnish.kernel;

/// The innermost loop of [PackedGemm]: a few rows of A times one segment of a panel of B, all of it
/// in registers.
///
/// Each element of the result is one chain of fused multiply-adds over the segment, from zero,
/// whatever the number of rows: the same bits for a row alone and for a row of a large batch. An
/// instance holds the operands of the next tile; one thread.
abstract class Tile {
  /// How wide registers are, and so how large a tile.
  enum Form {
    /// 512 bits, 32 registers: 8 rows by 2 vectors, operands in native memory.
    WIDE(2 * WideTile.WIDTH, WideTile.ROWS),

    /// Up to 256 bits, 16 registers: 6 rows by 2 vectors, operands in arrays.
    NARROW(2 * NarrowTile.WIDTH, NarrowTile.ROWS);

    private final int columns;
    private final int rows;

    Form(int columns, int rows) {
      this.columns = columns;
      this.rows = rows;
    }

    /// The form of this machine's registers.
    static Form ofThisMachine() {
      return Lanes.SPECIES.vectorBitSize() == 512 ? WIDE : NARROW;
    }

    /// Columns of a panel.
    int columns() {
      return columns;
    }

    /// Floats of a tile.
    int floats() {
      return rows * columns;
    }

    /// A tile over panels that are kept in that format.
    Tile tile(WeightFormat format) {
      return switch (this) {
        case WIDE -> WideTiles.of(format);
        case NARROW -> new NarrowTile();
      };
    }

    /// Rows of A that are multiplied at a time: all, or those whose copy takes 64 MiB.
    int mostRows(int inner) {
      return switch (this) {
        case WIDE -> Integer.MAX_VALUE;
        case NARROW -> Math.max(64, (16 << 20) / inner);
      };
    }

    /// Floats of A that are copied.
    int copied(int mostRows, int inner) {
      return switch (this) {
        case WIDE -> 0;
        case NARROW -> Math.multiplyExact(mostRows, inner);
      };
    }
  }

  /// The left operand: where it is, and a copy without gaps for tiles that read arrays.
  record Left(Matrix matrix, float[] copy) {}

  /// Elements of each row.
  int k;

  /// Address of the result, row by row without gaps.
  long out;

  /// Rows that the next tile takes when `left` rows are left.
  abstract int rows(int left);

  /// Takes over a segment of a panel, for all tiles until the next one.
  ///
  /// @param room for the segment in F32, where it is not read as it is kept
  abstract void panel(PanelSource w, int panel, int segment, Segments segments, long room);

  /// Sets the operands of the next tile.
  ///
  /// @param row first row
  abstract void operands(Left left, int row, int segment, Segments segments);

  /// Computes a tile.
  ///
  /// @param count of rows, as [#rows] gives
  abstract void multiply(int count);
}
