package dev.burnish.kernel;

import java.lang.foreign.MemorySegment;

/// Brings one matrix at a time into the form of a [PackedLayout] and back, in the calling thread: a
/// process that packs for others divides the matrices among its threads.
///
/// Values are F32, row by row without gaps; memory is as large as the layout. Both are native.
public final class Packing {
  private Packing() {}

  /// Sees the bytes that are moved, in order, while they are in a cache.
  public interface Watcher {
    /// The next bytes of the values, before they are packed.
    void read(MemorySegment bytes);

    /// The next bytes of the memory, after they were written.
    void written(MemorySegment bytes);
  }

  /// Packs a matrix. Every byte up to the next matrix is written.
  public static void pack(
      PackedLayout layout,
      int matrix,
      MemorySegment values,
      MemorySegment memory,
      Watcher watcher) {
    Work work = new Work(layout, matrix, values, memory);
    try (Scratch room = work.room()) {
      for (int panel = 0; panel < work.panels(); panel++) {
        watcher.read(work.rows(panel));
        work.packed.pack(work.plain, panel, room.address());
        watcher.written(memory.asSlice(work.offset(panel), work.packed.panelBytes()));
      }
    }
    long end = work.offset(work.panels());
    MemorySegment gap = memory.asSlice(end, layout.offset(matrix + 1) - end);
    if (gap.byteSize() > 0) {
      watcher.written(gap.fill((byte) 0));
    }
  }

  /// Writes the values of a packed matrix: in F32 those that were packed.
  public static void unpack(
      PackedLayout layout, int matrix, MemorySegment memory, MemorySegment values) {
    Work work = new Work(layout, matrix, values, memory);
    try (Scratch room = work.room()) {
      for (int panel = 0; panel < work.panels(); panel++) {
        work.packed.unpack(panel, work.plain.w(), room.address());
      }
    }
  }

  /// Whether memory has these values, packed; where it has not, the first difference is found soon.
  public static boolean holds(
      PackedLayout layout, int matrix, MemorySegment memory, MemorySegment values) {
    Work work = new Work(layout, matrix, values, memory);
    long bytes = work.packed.panelBytes();
    try (Scratch room = work.room();
        Scratch own = new Scratch(bytes)) {
      Panels panel = work.packed.elsewhere(own.address());
      MemorySegment expected = Matrix.MEMORY.asSlice(own.address(), bytes);
      for (int i = 0; i < work.panels(); i++) {
        panel.pack(work.plain.from(i), 0, room.address());
        if (memory.asSlice(work.offset(i), bytes).mismatch(expected) >= 0) {
          return false;
        }
      }
      return true;
    }
  }

  /// A matrix as it is and as it is packed.
  private static final class Work {
    private final Panels packed;
    private final UnpackedPanels plain;
    private final MemorySegment values;
    private final long start;

    Work(PackedLayout layout, int matrix, MemorySegment values, MemorySegment memory) {
      PackedLayout.Shape shape = layout.matrices().get(matrix);
      if (memory.byteSize() != layout.bytes()
          || values.byteSize() != 4L * shape.outputs() * shape.inputs()) {
        throw new IllegalArgumentException(
            "values and memory must have the sizes of the layout: matrix=%s values=%d bytes=%d memory=%d"
                .formatted(shape, values.byteSize(), layout.bytes(), memory.byteSize()));
      }
      this.values = values;
      packed = layout.panels(memory.address(), matrix);
      plain =
          new UnpackedPanels(
              new Matrix(values.address(), shape.outputs(), shape.inputs(), shape.inputs()),
              layout.columns());
      start = layout.offset(matrix);
    }

    int panels() {
      return PackedLayout.panels(packed.n(), packed.columns());
    }

    long offset(int panel) {
      return start + panel * packed.panelBytes();
    }

    /// The values of a panel.
    MemorySegment rows(int panel) {
      int first = panel * packed.columns();
      int present = Math.min(packed.columns(), packed.n() - first);
      return values.asSlice(4L * first * packed.k(), 4L * present * packed.k());
    }

    /// For a panel in F32, where the format is another one.
    Scratch room() {
      return switch (packed.format()) {
        case F32 -> new Scratch(0);
        case BF16, INT8 -> new Scratch(4L * packed.columns() * packed.k());
      };
    }
  }
}
