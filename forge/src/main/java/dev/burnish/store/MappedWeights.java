package dev.burnish.store;

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
/// Native code that writes to it ends the process. One call at a time.
public final class MappedWeights implements AutoCloseable {
  private final Published published;
  private final Weights weights;

  /// @param published closed with this
  MappedWeights(Published published, List<FlatLayout> layouts) {
    this.published = published;
    List<Tensor> parts =
        IntStream.range(0, layouts.size())
            .mapToObj(part -> tensor(part, layouts.get(part).size()))
            .toList();
    this.weights = Weights.over(layouts, parts, published.version());
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

  /// Checks that a part has the bytes that were published. To be done after they were copied or
  /// laid out: a process that was stopped meanwhile and comes back notices then whether they are
  /// still those.
  ///
  /// @throws WeightsException if it has not
  public void check(int part) {
    Manifest.Part expected = published.manifest().parts().get(part);
    long digest = Digest.of(published.parts().get(part).segment().asSlice(0, expected.bytes()));
    if (digest != expected.digest()) {
      throw new WeightsException(
          "a part must have the bytes that were published: set=%s version=%d part=%d digest=%08x published=%08x; take the version over again"
              .formatted(published.set(), version(), part, digest, expected.digest()));
    }
  }

  /// Checks every part, see [#check].
  public void checkAll() {
    IntStream.range(0, published.parts().size()).forEach(this::check);
  }

  @Override
  public void close() {
    IntStream.range(0, weights.numParts()).forEach(part -> weights.part(part).close());
    published.close();
  }
}
