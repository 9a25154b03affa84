package dev.burnish.kernel;

import java.util.EnumMap;
import java.util.Map;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The memory with which one thread computes pieces of a batch-invariant product: tiles, the sums
/// of it that wait for others ([Segments]), and a panel in F32 where the operand is kept otherwise.
final class Desk implements AutoCloseable {
  /// `C = A W'`, or `C += A W'`.
  record Product(Tile.Left a, PanelSource w, Segments segments, Matrix c, boolean add) {}

  /// Half-open.
  record Range(int from, int end) {}

  private final Tile.Form form;
  private final int columns;
  private final Map<WeightFormat, Tile> tiles = new EnumMap<>(WeightFormat.class);

  // For the format of the present product.
  private Tile tile;

  /// Bytes of the sums of one tile.
  private final long level;

  /// A chain that waits for its neighbour, a pair, a four, and the whole.
  private final Scratch sums;

  private Scratch room;
  private long roomBytes;

  Desk(Tile.Form form) {
    this.form = form;
    tile = form.tile(WeightFormat.F32);
    tiles.put(WeightFormat.F32, tile);
    columns = form.columns();
    level = 4L * form.floats();
    sums = new Scratch(Segments.LEVELS * level);
    room = new Scratch(0);
  }

  /// Memory for a panel in F32, with undefined contents; that of the last call is given up.
  long room(int inner) {
    long bytes = 4L * inner * columns;
    if (bytes > roomBytes) {
      Scratch larger = new Scratch(bytes);
      room.close();
      room = larger;
      roomBytes = bytes;
    }
    return room.address();
  }

  /// Some panels of columns of some rows of C.
  void compute(Product product, Range panels, Range rows) {
    tile = tiles.computeIfAbsent(product.w().format(), form::tile);
    for (int panel = panels.from(); panel < panels.end(); panel++) {
      int count;
      for (int row = rows.from(); row < rows.end(); row += count) {
        count = tile.rows(rows.end() - row);
        if (row == rows.from()) {
          sumFirst(product, panel, row, count);
        } else {
          sum(product, row, count);
        }
        scale(product, panel, count);
        store(product, row, count, panel * columns);
      }
    }
  }

  /// The first tile of a panel, which is made ready segment by segment: what was converted is still
  /// in the first-level cache when it is used.
  private void sumFirst(Product product, int panel, int row, int count) {
    Segments segments = product.segments();
    long memory = room(segments.inner());
    for (int s = 0; s < segments.count(); s++) {
      tile.panel(product.w(), panel, s, segments, memory + 4L * segments.start(s) * columns);
      add(product, s, row, count);
    }
  }

  private void sum(Product product, int row, int count) {
    for (int s = 0; s < product.segments().count(); s++) {
      add(product, s, row, count);
    }
  }

  /// One chain of a tile, and the sums that end with it.
  private void add(Product product, int segment, int row, int count) {
    long first = sums.address();
    int merges = Segments.merges(segment);
    tile.operands(product.a(), row, segment, product.segments());
    tile.out = first + merges * level;
    tile.multiply(count);
    if (merges > 0) {
      merge(merges, count * columns);
    }
  }

  /// Adds the chain that waits, the pair and the four to the chain that the tile left. A tile that
  /// did so itself would be so large that the compiler leaves its vectors in memory.
  private void merge(int merges, int floats) {
    long chain = sums.address();
    long target = chain + merges * level;
    for (int i = 0; i < floats; i += Lanes.WIDTH) {
      FloatVector sum = Lanes.load(chain, i).add(Lanes.load(target, i));
      if (merges > 1) {
        sum = Lanes.load(chain + level, i).add(sum);
      }
      if (merges > 2) {
        sum = Lanes.load(chain + 2 * level, i).add(sum);
      }
      // Not by a method of ours: a vector that is passed on may become an object.
      sum.intoMemorySegment(Matrix.MEMORY, target + 4L * i, Matrix.ORDER);
    }
  }

  /// Where the sum of all segments is.
  private long sum(Product product) {
    return sums.address() + Segments.merges(product.segments().count() - 1) * level;
  }

  /// Multiplies the sums by the scales of the panel, where it has some.
  private void scale(Product product, int panel, int rows) {
    long scales = product.w().scales(panel);
    if (scales == PanelSource.NO_SCALES) {
      return;
    }
    for (int j = 0; j < columns; j += Lanes.WIDTH) {
      FloatVector scale = Lanes.load(scales, j);
      for (int i = 0; i < rows; i++) {
        long target = sum(product) + 4L * (i * columns + j);
        Lanes.load(target, 0).mul(scale).intoMemorySegment(Matrix.MEMORY, target, Matrix.ORDER);
      }
    }
  }

  /// Puts the sum of all segments into C.
  private void store(Product product, int row, int rows, int column) {
    Matrix c = product.c();
    long sum = sum(product);
    int present = Math.min(columns, c.cols() - column);
    for (int i = 0; i < rows; i++) {
      long source = sum + 4L * i * columns;
      long target = c.row(row + i) + 4L * column;
      if (product.add()) {
        add(source, target, present);
      } else {
        copy(source, target, present);
      }
    }
  }

  private static void copy(long source, long target, int count) {
    int j = 0;
    for (; j <= count - Lanes.WIDTH; j += Lanes.WIDTH) {
      Lanes.load(source, j).intoMemorySegment(Matrix.MEMORY, target + 4L * j, Matrix.ORDER);
    }
    if (j < count) {
      VectorMask<Float> mask = Lanes.tail(j, count);
      Lanes.store(Lanes.load(source, j, mask), target, j, mask);
    }
  }

  private static void add(long source, long target, int count) {
    int j = 0;
    for (; j <= count - Lanes.WIDTH; j += Lanes.WIDTH) {
      Lanes.load(target, j)
          .add(Lanes.load(source, j))
          .intoMemorySegment(Matrix.MEMORY, target + 4L * j, Matrix.ORDER);
    }
    if (j < count) {
      VectorMask<Float> mask = Lanes.tail(j, count);
      FloatVector sum = Lanes.load(target, j, mask).add(Lanes.load(source, j, mask));
      Lanes.store(sum, target, j, mask);
    }
  }

  /// Frees its memory.
  @Override
  public void close() {
    sums.close();
    room.close();
  }
}
