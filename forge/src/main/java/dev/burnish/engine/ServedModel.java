package dev.burnish.engine;

import dev.burnish.kernel.WeightFormat;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.ModelSpec;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.ModelRunner;
import dev.burnish.nn.PartValues;
import dev.burnish.nn.Weights;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// One version of a policy's weights, laid out for generation: in memory of its own, or where
/// others packed it. What versions have in common, the weights under an adaptation, is there once
/// for all [#twin]s. One thread.
final class ServedModel implements AutoCloseable {
  private final ModelSpec spec;
  private final Weights weights;
  private final LanguageModel model;
  private final ModelRunner runner;
  private final WeightFormat format;
  private OptionalLong version = OptionalLong.empty();
  // Whose memory the runner reads.
  private Optional<WeightSource.Snapshot> inPlace = Optional.empty();

  private ServedModel(
      ModelSpec spec,
      Weights weights,
      LanguageModel model,
      ModelRunner runner,
      WeightFormat format) {
    this.spec = spec;
    this.weights = weights;
    this.model = model;
    this.runner = runner;
    this.format = format;
  }

  /// A model without a version of its policy yet.
  ///
  /// @param base has the weights under an adaptation, in one version
  /// @param format of the matrices, except those of an adaptation
  static ServedModel of(ModelSpec spec, Optional<WeightSource> base, WeightFormat format) {
    if (spec.lora().adapts() != base.isPresent()) {
      throw new IllegalArgumentException(
          "a generator must have a source of base weights if its model is adapted, and only then: rank=%d base=%s"
              .formatted(spec.lora().rank(), base.isPresent()));
    }
    Weights weights = Weights.undefined(spec.layouts(), Device.CPU);
    LanguageModel model = adapted(spec, weights);
    ModelRunner runner = ModelRunner.unloaded(model.decoder(), format);
    ServedModel served = new ServedModel(spec, weights, model, runner, format);
    try {
      base.ifPresent(served::loadBase);
      return served;
    } catch (RuntimeException e) {
      served.close();
      throw e;
    }
  }

  private void loadBase(WeightSource base) {
    WeightSource.Snapshot snapshot = base.open(VersionRange.ANY);
    try {
      requireFit(weights.layouts(), snapshot);
      if (runner.readsInPlace(snapshot.parts())) {
        read(snapshot);
        return;
      }
      for (int part = 0; part < snapshot.parts().size(); part++) {
        try (Tensor values = snapshot.parts().get(part).unpacked()) {
          runner.load(part, values);
        }
      }
    } catch (RuntimeException e) {
      snapshot.close();
      throw e;
    }
    snapshot.close();
  }

  /// Reads weights where they are, and closes those from before; if it fails, nothing has changed.
  private void read(WeightSource.Snapshot snapshot) {
    runner.use(snapshot.parts());
    Optional<WeightSource.Snapshot> before = inPlace;
    inPlace = Optional.of(snapshot);
    before.ifPresent(WeightSource.Snapshot::close);
  }

  /// Whether [#use] takes a version: it was packed for this machine, and is no adaptation.
  boolean readsInPlace(WeightSource.Snapshot snapshot) {
    return !spec.lora().adapts() && runner.readsInPlace(snapshot.parts());
  }

  /// Replaces the version by one that is read where it is, and closed when another one takes its
  /// place. If it fails, the version is that from before.
  void use(WeightSource.Snapshot snapshot) {
    read(snapshot);
    version = OptionalLong.of(snapshot.version());
  }

  private static LanguageModel adapted(ModelSpec spec, Weights weights) {
    return spec.over(weights, Optional.empty()).adapt(spec.lora(), spec.loraSeed());
  }

  /// Memory for another version of the same policy.
  ServedModel twin() {
    if (!spec.lora().adapts()) {
      return of(spec, Optional.empty(), format);
    }
    // Closing a twin closes its adaptation; the weights under it are the first model's.
    LanguageModel other = adapted(spec, weights);
    Weights none = Weights.over(List.of(), List.of(), 0);
    return new ServedModel(spec, none, other, runner.of(other.decoder()), format);
  }

  Decoder decoder() {
    return model.decoder();
  }

  int[] endTokens() {
    return model.endTokens();
  }

  ModelRunner runner() {
    return runner;
  }

  /// Whether its matrices lie where others packed them.
  boolean isInPlace() {
    return inPlace.isPresent();
  }

  /// The version that is in the memory; empty before the first, and after a load that failed.
  OptionalLong version() {
    return version;
  }

  /// Whether [#check] computes beside the version in use, at little cost.
  boolean checksAside(WeightSource.Snapshot snapshot) {
    return spec.lora().adapts() || readsInPlace(snapshot);
  }

  /// Computes what the publisher of a version computed, in memory of its own, which takes little:
  /// the matrices are read in place, or are those of an adaptation. For any thread.
  ///
  /// @param afterBlock runs between the blocks of the model
  /// @return how the results differ
  Optional<String> check(WeightSource.Snapshot snapshot, Runnable afterBlock) {
    try (ServedModel probe = twin()) {
      probe.runner.afterEachBlock(afterBlock);
      if (probe.readsInPlace(snapshot)) {
        probe.runner.use(snapshot.parts());
      } else {
        for (int part = 0; part < snapshot.parts().size(); part++) {
          probe.load(part, snapshot);
        }
      }
      return probe.differsFrom(snapshot);
    }
  }

  /// How the weights that are laid out compute something else than their publisher computed.
  Optional<String> differsFrom(WeightSource.Snapshot snapshot) {
    return snapshot.canary().flatMap(canary -> canary.differsFrom(runner));
  }

  /// @throws IllegalArgumentException if a version is not of a model of those layouts
  static void requireFit(List<FlatLayout> layouts, WeightSource.Snapshot snapshot) {
    long[] sizes = snapshot.parts().stream().mapToLong(PartValues::numElements).toArray();
    long[] expected = layouts.stream().mapToLong(FlatLayout::size).toArray();
    if (!Arrays.equals(sizes, expected)) {
      throw new IllegalArgumentException(
          "weights must have the sizes of this model's parts: version=%d parts=%s expected=%s; publish those of the same model"
              .formatted(snapshot.version(), Arrays.toString(sizes), Arrays.toString(expected)));
    }
  }

  /// Replaces one part; there is no version from the first part on until [#complete].
  void load(int part, WeightSource.Snapshot snapshot) {
    version = OptionalLong.empty();
    try (Tensor values = snapshot.parts().get(part).unpacked()) {
      if (spec.lora().adapts()) {
        decoder().trainedWeights().part(part).copy_(values);
      } else {
        runner.load(part, values);
      }
    }
  }

  /// Says that every part is of that version.
  void complete(long loaded) {
    version = OptionalLong.of(loaded);
    if (!spec.lora().adapts()) {
      closeInPlace();
    }
  }

  private void closeInPlace() {
    inPlace.ifPresent(WeightSource.Snapshot::close);
    inPlace = Optional.empty();
  }

  @Override
  public void close() {
    model.close();
    weights.close();
    closeInPlace();
  }
}
