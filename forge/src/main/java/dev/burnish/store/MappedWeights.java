package dev.burnish.store;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.Weights;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;

/// A version of weights in the memory that its publisher wrote, to be read. As long as it is open,
/// the memory stays as it is, whatever becomes of the publisher and the store.
///
/// Fault point: `take.part` before each part is checked.
///
/// Native code that writes to it ends the process. One call at a time.
public final class MappedWeights implements AutoCloseable {
  private final Published published;
  private final Weights weights;

  private MappedWeights(Published published, List<FlatLayout> layouts) {
    this.published = published;
    List<Tensor> parts =
        IntStream.range(0, layouts.size())
            .mapToObj(part -> tensor(part, layouts.get(part).size()))
            .toList();
    this.weights = Weights.over(layouts, parts, published.version());
  }

  /// Maps a version. Nothing is copied, and nothing checked except that it is the model's.
  ///
  /// @param published closed with this, or if it does not fit
  /// @param layouts of the parts of the model
  /// @throws WeightsException if its parameters are not the model's
  public static MappedWeights of(Published published, List<FlatLayout> layouts) {
    try {
      published.requireSizes();
      published.manifest().requireFits(layouts);
      return new MappedWeights(published, layouts);
    } catch (RuntimeException | Error e) {
      published.close();
      throw e;
    }
  }

  private Tensor tensor(int part, long size) {
    return TensorScope.outside(
        () -> Tensor.wrap(published.parts().get(part).segment(), DType.F32, size));
  }

  /// The weights, with their version. Valid until this is closed.
  public Weights weights() {
    return weights;
  }

  public long version() {
    return published.version();
  }

  /// Checks that a part has the bytes that were published, see [#checkAll].
  ///
  /// @throws WeightsException if it has not
  public void check(int part) {
    FaultPoint.reach("take.part");
    Manifest.Part expected = published.manifest().parts().get(part);
    long digest = Digest.of(published.parts().get(part).segment().asSlice(0, expected.bytes()));
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
    IntStream.range(0, weights.numParts()).forEach(part -> weights.part(part).close());
    published.close();
  }
}
