package dev.burnish.nn;

import dev.burnish.kernel.PackedLayout;
import dev.burnish.kernel.PackedLayout.Shape;
import dev.burnish.kernel.Packing;
import dev.burnish.kernel.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Where the parameters of one part of a model lie in memory that generation reads in place: the
/// matrices of its products first, as a [PackedLayout] has them, then all other parameters as they
/// are, in the order of the [FlatLayout].
///
/// In [WeightFormat#F32] nothing is lost: [#unpack] gives the values back. Immutable.
public final class PackedPart {
  /// Elements of the flat layout: those of a matrix, or of adjacent parameters that are none.
  private sealed interface Piece {
    int offset();

    long size();

    /// @param index in the packed layout
    record Matrix(int offset, long size, int index) implements Piece {}

    /// @param at first byte in memory
    record Run(int offset, long size, long at) implements Piece {}
  }

  private final FlatLayout layout;
  private final PackedLayout packed;
  private final List<Piece> pieces;

  private PackedPart(FlatLayout layout, PackedLayout packed, List<Integer> offsets) {
    this.layout = layout;
    this.packed = packed;
    this.pieces = pieces(layout, packed, offsets);
  }

  /// A part on this machine.
  ///
  /// @param matrices names of the modules of each matrix, without `.weight`; those of one matrix
  ///   are adjacent
  public static PackedPart of(FlatLayout layout, List<List<String>> matrices, WeightFormat format) {
    List<Shape> shapes = matrices.stream().map(modules -> shape(layout, modules)).toList();
    List<Integer> offsets =
        matrices.stream().map(modules -> layout.offset(weight(modules.getFirst()))).toList();
    return new PackedPart(layout, PackedLayout.ofThisMachine(format, shapes), offsets);
  }

  private static String weight(String module) {
    return module + ".weight";
  }

  private static Shape shape(FlatLayout layout, List<String> modules) {
    List<long[]> shapes =
        modules.stream().map(module -> layout.spec(weight(module)).shape()).toList();
    long outputs = shapes.stream().mapToLong(shape -> shape[0]).sum();
    return new Shape(Math.toIntExact(outputs), Math.toIntExact(shapes.getFirst()[1]));
  }

  private static List<Piece> pieces(FlatLayout layout, PackedLayout packed, List<Integer> offsets) {
    List<Piece> pieces = new ArrayList<>();
    long at = packed.bytes();
    int next = 0;
    for (int i = 0; i <= offsets.size(); i++) {
      int end = i < offsets.size() ? offsets.get(i) : layout.size();
      if (end > next) {
        pieces.add(new Piece.Run(next, end - next, at));
        at += 4L * (end - next);
      }
      if (i < offsets.size()) {
        Shape shape = packed.matrices().get(i);
        int size = Math.multiplyExact(shape.outputs(), shape.inputs());
        pieces.add(new Piece.Matrix(end, size, i));
        next = end + size;
      }
    }
    return List.copyOf(pieces);
  }

  /// The same part in another format or for other registers.
  public PackedPart as(WeightFormat format, int columns) {
    List<Integer> offsets =
        pieces.stream().filter(piece -> piece instanceof Piece.Matrix).map(Piece::offset).toList();
    return new PackedPart(layout, new PackedLayout(format, columns, packed.matrices()), offsets);
  }

  /// The parameters.
  public FlatLayout layout() {
    return layout;
  }

  /// The matrices, which lie at the beginning.
  public PackedLayout packed() {
    return packed;
  }

  /// Size of the memory; none for a part without parameters.
  public long bytes() {
    return packed.bytes()
        + pieces.stream()
            .filter(piece -> piece instanceof Piece.Run)
            .mapToLong(piece -> 4 * piece.size())
            .sum();
  }

  /// Writes all of the memory, in the calling thread.
  ///
  /// @param values native, of the size of the layout
  /// @param memory native, [#bytes] at a multiple of [PackedLayout#ALIGNMENT]
  /// @param watcher sees the values in their order, and the memory in its own
  public void pack(MemorySegment values, MemorySegment memory, Packing.Watcher watcher) {
    MemorySegment matrices = memory.asSlice(0, packed.bytes());
    for (Piece piece : pieces) {
      MemorySegment from = of(values, piece);
      switch (piece) {
        case Piece.Matrix(int _, long _, int index) ->
            Packing.pack(packed, index, from, matrices, watcher);
        case Piece.Run(int _, long _, long at) -> {
          watcher.read(from);
          MemorySegment.copy(from, 0, memory, at, from.byteSize());
        }
      }
    }
    if (memory.byteSize() > packed.bytes()) {
      watcher.written(memory.asSlice(packed.bytes()));
    }
  }

  private static MemorySegment of(MemorySegment values, Piece piece) {
    return values.asSlice(4L * piece.offset(), 4 * piece.size());
  }

  /// Writes the values in their order.
  ///
  /// @param memory as [#pack] wrote it
  /// @param values native, of the size of the layout
  public void unpack(MemorySegment memory, MemorySegment values) {
    MemorySegment matrices = memory.asSlice(0, packed.bytes());
    for (Piece piece : pieces) {
      MemorySegment to = of(values, piece);
      switch (piece) {
        case Piece.Matrix(int _, long _, int index) -> Packing.unpack(packed, index, matrices, to);
        case Piece.Run(int _, long _, long at) ->
            MemorySegment.copy(memory, at, to, 0, to.byteSize());
      }
    }
  }

  /// Whether memory that was written by [#pack] has these values; where it has not, the first
  /// difference is found soon.
  public boolean holds(MemorySegment memory, MemorySegment values) {
    MemorySegment matrices = memory.asSlice(0, packed.bytes());
    return pieces.stream()
        .allMatch(piece ->
            switch (piece) {
              case Piece.Matrix(int _, long _, int index) ->
                  Packing.holds(packed, index, matrices, of(values, piece));
              case Piece.Run(int _, long size, long at) ->
                  memory.asSlice(at, 4 * size).mismatch(of(values, piece)) < 0;
            });
  }

  /// Where a parameter begins that is not among the matrices.
  ///
  /// @throws IllegalArgumentException if it is, or there is none of that name
  long at(String name) {
    int offset = layout.offset(name);
    return pieces.stream()
        .filter(piece -> offset >= piece.offset() && offset < piece.offset() + piece.size())
        .flatMap(piece ->
            piece instanceof Piece.Run run
                ? Stream.of(run.at() + 4L * (offset - run.offset()))
                : Stream.of())
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "a parameter must not be part of a packed matrix to be read as it is: name="
                    + name));
  }
}
