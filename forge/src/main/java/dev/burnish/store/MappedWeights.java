package dev.burnish.store;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.nn.Canary;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.PartValues;
import dev.burnish.nn.Weights;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// A version of weights in the memory that its publisher wrote, to be read. As long as it is open,
/// the memory stays as it is, whatever becomes of the publisher and the store.
///
/// Fault point: `take.part` before each part is checked.
///
/// Native code that writes to it ends the process. One call at a time.
public final class MappedWeights implements AutoCloseable {
  private final Published published;
  private final List<FlatLayout> layouts;
  private final List<PartValues> parts;

  private MappedWeights(
      Published published, List<FlatLayout> layouts, IntFunction<PartValues> parts) {
    this.published = published;
    this.layouts = List.copyOf(layouts);
    this.parts = IntStream.range(0, layouts.size()).mapToObj(parts).toList();
  }

  /// Maps a version that was published as it is. Nothing is copied, and nothing checked except that
  /// it is the model's.
  ///
  /// @param published closed with this, or if it does not fit
  /// @param layouts of the parts of the model
  /// @throws WeightsException if its parameters are not the model's, or it is packed
  public static MappedWeights of(Published published, List<FlatLayout> layouts) {
    return checked(
        published,
        layouts,
        () -> new MappedWeights(published, layouts, part -> plain(published, part)));
  }

  /// The same for a version in any form.
  ///
  /// @param model its parts, as this process would pack them
  static MappedWeights ofAnyForm(Published published, List<PackedPart> model) {
    List<FlatLayout> layouts = model.stream().map(PackedPart::layout).toList();
    return checked(
        published,
        layouts,
        () ->
            new MappedWeights(
                published, layouts, part -> ofAnyForm(published, part, model.get(part))));
  }

  private static MappedWeights checked(
      Published published, List<FlatLayout> layouts, Supplier<MappedWeights> mapped) {
    try {
      published.requireSizes();
      published.manifest().requireFits(layouts);
      return mapped.get();
    } catch (RuntimeException | Error e) {
      published.close();
      throw e;
    }
  }

  private static PartValues ofAnyForm(Published published, int part, PackedPart own) {
    if (published.manifest().parts().get(part).packed().isEmpty()) {
      return plain(published, part);
    }
    PackedPart packed = published.manifest().formOf(part, own);
    return new PartValues.Packed(packed, tensor(published, part, DType.I8));
  }

  private static PartValues plain(Published published, int part) {
    if (published.manifest().parts().get(part).packed().isPresent()) {
      throw new WeightsException(
          "weights must be published as they are to be computed with: set=%s version=%d part=%d form=packed; read them by WeightReader.ofAnyForm"
              .formatted(published.set(), published.version(), part));
    }
    return new PartValues.Plain(tensor(published, part, DType.F32));
  }

  private static Tensor tensor(Published published, int part, DType type) {
    MemorySegment memory = published.parts().get(part).segment();
    long bytes = published.manifest().parts().get(part).bytes();
    return TensorScope.outside(() -> Tensor.wrap(memory, type, bytes / type.bytes()));
  }

  /// The weights, with their version. Valid until this is closed.
  ///
  /// @throws IllegalStateException if they are packed
  public Weights weights() {
    return Weights.over(layouts, parts.stream().map(MappedWeights::plain).toList(), version());
  }

  private static Tensor plain(PartValues part) {
    return switch (part) {
      case PartValues.Plain(Tensor values) -> values;
      case PartValues.Packed _ ->
          throw new IllegalStateException("packed weights are read part by part");
    };
  }

  /// The parts, in the form in which they were published. Valid until this is closed.
  public List<PartValues> parts() {
    return parts;
  }

  public long version() {
    return published.version();
  }

  /// The results of the publisher with the weights, if it computed some.
  public Optional<Canary> canary() {
    return published.manifest().canary();
  }

  /// Checks that a part has the bytes that were published, see [#checkAll].
  ///
  /// @throws WeightsException if it has not
  public void check(int part) {
    FaultPoint.reach("take.part");
    Manifest.Part expected = published.manifest().parts().get(part);
    long digest = published.digest(part);
    if (digest != expected.digest()) {
      throw new WeightsException(
          "a part must have the bytes that were published: set=%s version=%d part=%d digest=%08x published=%08x; take the version over again"
              .formatted(published.set(), version(), part, digest, expected.digest()));
    }
  }

  /// Checks that every part has the bytes that were published. Reads all of them once, by this
  /// thread alone: those that compute go on.
  ///
  /// @throws WeightsException naming the first part that has not
  public void checkAll() {
    IntStream.range(0, published.parts().size()).forEach(this::check);
  }

  @Override
  public void close() {
    parts.forEach(part -> {
      switch (part) {
        case PartValues.Plain(Tensor values) -> values.close();
        case PartValues.Packed(PackedPart _, Tensor memory) -> memory.close();
      }
    });
    published.close();
  }
}
