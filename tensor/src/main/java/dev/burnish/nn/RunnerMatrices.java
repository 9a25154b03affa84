package dev.burnish.nn;

import dev.burnish.kernel.Kernels.Prepared;
import dev.burnish.kernel.Kernels.PreparedWeight;
import dev.burnish.kernel.PackedLayout;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// The matrices of a decoder as generation multiplies by them, and its table of embeddings: packed
/// in memory of their own, which is there from the first packing on, or where others packed them.
/// Norms and biases are copied to the decoder's memory in either case.
///
/// One for the runners of all adaptations of the same weights. One call at a time.
final class RunnerMatrices implements AutoCloseable {
  /// Where embeddings are read.
  private sealed interface Table {
    /// In the decoder's own memory.
    record Own() implements Table {}

    /// In the packed matrix of the head, which has the same values.
    record Head() implements Table {}

    /// In memory of others, row by row.
    record Mapped(Tensor table_VH) implements Table {}
  }

  private final Decoder decoder;
  private final WeightFormat format;
  // The matrices of each block, then that of the head.
  private final List<Optional<Prepared>> prepared;
  // Those that others packed: their memory must not be written.
  private final BitSet inPlace = new BitSet();
  // Parts that were never loaded: memory of their parameters holds anything.
  private final BitSet missing = new BitSet();
  private Table table = new Table.Own();

  RunnerMatrices(Decoder decoder, WeightFormat format) {
    this.decoder = decoder;
    this.format = format;
    prepared = new ArrayList<>();
    IntStream.rangeClosed(0, numBlocks()).forEach(_ -> prepared.add(Optional.empty()));
  }

  /// The same with values that are to be loaded, all parts of them.
  static RunnerMatrices unloaded(Decoder decoder, WeightFormat format) {
    RunnerMatrices unloaded = new RunnerMatrices(decoder, format);
    unloaded.missing.set(0, decoder.weights().numParts());
    return unloaded;
  }

  /// The decoder's own matrices where they are.
  static RunnerMatrices own(Decoder decoder) {
    RunnerMatrices own = new RunnerMatrices(decoder, WeightFormat.F32);
    for (int i = 0; i < own.prepared.size(); i++) {
      own.put(i, decoder.kernels().unpacked(own.matrices(i)));
    }
    return own;
  }

  private int numBlocks() {
    return decoder.blocks().size();
  }

  private boolean isTied() {
    return decoder.shape().head() == HeadKind.TIED;
  }

  /// The part that has the matrices of that index.
  private int part(int index) {
    return index < numBlocks() ? index + 1 : isTied() ? 0 : numBlocks() + 1;
  }

  private List<Tensor> matrices(int index) {
    return index < numBlocks()
        ? decoder.blocks().get(index).matrices()
        : List.of(decoder.head().matrix());
  }

  private List<Tensor> matrices(int index, Tensor values) {
    return index < numBlocks()
        ? decoder.blocks().get(index).matrices(values)
        : List.of(decoder.head().matrix(values));
  }

  Prepared block(int index) {
    return prepared.get(index).orElseThrow();
  }

  PreparedWeight head() {
    return prepared.getLast().orElseThrow().get(0);
  }

  /// Embeddings of tokens, `[T, H]`, the caller's to close.
  Tensor embed(int[] tokens) {
    return switch (table) {
      case Table.Own _ -> decoder.embed(tokens);
      case Table.Head _ -> decoder.embed(head(), tokens);
      case Table.Mapped(Tensor table_VH) -> decoder.embed(table_VH, tokens);
    };
  }

  /// @throws IllegalStateException if a part was never loaded
  void requireLoaded() {
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          "every part of the weights must be loaded before they compute: missing=" + missing);
    }
  }

  /// Packs the decoder's own weights.
  void layOut() {
    for (int i = 0; i < prepared.size(); i++) {
      own(i).update(matrices(i));
    }
  }

  /// Packs a part, of values that are not needed afterwards.
  void load(int part, Tensor values) {
    FlatLayout layout = decoder.weights().layouts().get(part);
    Weights.requireFits(part, layout, values);
    Tensor own = decoder.weights().part(part);
    try (TensorScope _ = TensorScope.open()) {
      Tensor packed = values;
      switch (decoder.device()) {
        case Device.Cpu _ -> copyRead(layout, values, own);
        case Device.Cuda _ -> packed = own.copy_(values);
      }
      for (int i = 0; i < prepared.size(); i++) {
        if (part(i) == part) {
          own(i).update(matrices(i, packed));
        }
      }
    }
    if (part == 0) {
      setTable(readsHead() ? new Table.Head() : new Table.Own());
    }
    missing.clear(part);
  }

  /// Whether the packed matrix of the head is the table of embeddings, bit by bit.
  private boolean readsHead() {
    return isTied() && format == WeightFormat.F32 && decoder.device() instanceof Device.Cpu;
  }

  /// Copies the parameters that are read as they are: all but packed matrices.
  private void copyRead(FlatLayout layout, Tensor values, Tensor own) {
    for (String name : layout.names()) {
      ParameterSpec spec = layout.spec(name);
      if (isVector(spec) || (name.equals(Decoder.EMBEDDING) && !readsHead())) {
        int offset = layout.offset(name);
        own.narrow(0, offset, spec.size()).copy_(values.narrow(0, offset, spec.size()));
      }
    }
  }

  private static boolean isVector(ParameterSpec spec) {
    return spec.shape().length == 1;
  }

  /// Matrices in memory of their own.
  private Prepared own(int index) {
    if (prepared.get(index).isEmpty() || inPlace.get(index)) {
      List<PackedLayout.Shape> shapes =
          matrices(index).stream().map(PackedLayout.Shape::of).toList();
      put(index, decoder.kernels().prepare(shapes, format));
      inPlace.clear(index);
    }
    return prepared.get(index).orElseThrow();
  }

  private void put(int index, Prepared next) {
    prepared.set(index, Optional.of(next)).ifPresent(Prepared::close);
  }

  private void setTable(Table next) {
    if (table instanceof Table.Mapped(Tensor before)) {
      before.close();
    }
    table = next;
  }

  /// Whether [#use] takes these parts.
  boolean reads(List<PartValues> parts) {
    return format == WeightFormat.F32
        && decoder.device() instanceof Device.Cpu
        && parts.stream()
            .allMatch(part -> part instanceof PartValues.Packed packed && reads(packed));
  }

  private static boolean reads(PartValues.Packed values) {
    PackedLayout layout = values.part().packed();
    return layout.isOfThisMachine() && layout.format() == WeightFormat.F32;
  }

  /// Reads all parts where they are. If it fails, nothing has changed.
  void use(List<PartValues> parts) {
    if (!reads(parts) || parts.size() != decoder.weights().numParts()) {
      throw new IllegalArgumentException(
          "weights must be packed for this machine to be read in place: parts=%d expected=%d; load them instead"
              .formatted(parts.size(), decoder.weights().numParts()));
    }
    List<PartValues.Packed> packed = parts.stream().map(PartValues.Packed.class::cast).toList();
    List<Prepared> next = new ArrayList<>();
    try (TensorScope _ = TensorScope.open()) {
      for (int i = 0; i < prepared.size(); i++) {
        next.add(prepared(packed.get(part(i)), matrices(i)));
      }
      Table read = table(packed.getFirst());
      IntStream.range(0, parts.size()).forEach(part -> copyVectors(part, packed.get(part)));
      IntStream.range(0, next.size()).forEach(i -> put(i, next.get(i)));
      setTable(read);
    } catch (RuntimeException | Error e) {
      next.forEach(Prepared::close);
      throw e;
    }
    inPlace.set(0, prepared.size());
    missing.clear();
  }

  private Prepared prepared(PartValues.Packed values, List<Tensor> expected) {
    PackedLayout layout = values.part().packed();
    if (!layout.matrices().equals(expected.stream().map(PackedLayout.Shape::of).toList())) {
      throw new IllegalArgumentException(
          "a packed part must have the matrices of the model's part: matrices=%s expected=%s"
              .formatted(layout.matrices(), expected));
    }
    return decoder.kernels().prepared(layout, values.memory().narrow(0, 0, layout.bytes()));
  }

  private Table table(PartValues.Packed first) {
    if (isTied()) {
      return new Table.Head();
    }
    return new Table.Mapped(TensorScope.outside(() -> read(first, Decoder.EMBEDDING)));
  }

  private void copyVectors(int part, PartValues.Packed values) {
    FlatLayout layout = values.part().layout();
    Tensor own = decoder.weights().part(part);
    for (String name : layout.names()) {
      ParameterSpec spec = layout.spec(name);
      if (isVector(spec)) {
        own.narrow(0, layout.offset(name), spec.size()).copy_(read(values, name));
      }
    }
  }

  private static Tensor read(PartValues.Packed values, String name) {
    ParameterSpec spec = values.part().layout().spec(name);
    return Tensor.wrap(
        values
            .memory()
            .segment()
            .asSlice(values.part().at(name), (long) DType.F32.bytes() * spec.size()),
        DType.F32,
        spec.shape());
  }

  /// Ends the use of all matrices, after the product that is under way; frees those of its own.
  @Override
  public void close() {
    prepared.forEach(each -> each.ifPresent(Prepared::close));
    setTable(new Table.Own());
  }
}
