package dev.burnish.engine;

import dev.burnish.model.LanguageModel;
import dev.burnish.model.ModelSpec;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.ModelRunner;
import dev.burnish.nn.Weights;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Memory for one version of a policy's weights, laid out for generation, and the version that is
/// in it. What versions have in common, the weights under an adaptation, is there once for all
/// [#twin]s. One thread.
final class ServedModel implements AutoCloseable {
  private final ModelSpec spec;
  private final Weights weights;
  private final LanguageModel model;
  private final ModelRunner runner;
  private OptionalLong version = OptionalLong.empty();

  private ServedModel(ModelSpec spec, Weights weights, LanguageModel model, ModelRunner runner) {
    this.spec = spec;
    this.weights = weights;
    this.model = model;
    this.runner = runner;
  }

  /// A model without a version of its policy yet.
  ///
  /// @param base has the weights under an adaptation, in one version
  static ServedModel of(ModelSpec spec, Optional<WeightSource> base) {
    if (spec.lora().adapts() != base.isPresent()) {
      throw new IllegalArgumentException(
          "a generator must have a source of base weights if its model is adapted, and only then: rank=%d base=%s"
              .formatted(spec.lora().rank(), base.isPresent()));
    }
    Weights weights = Weights.undefined(spec.layouts(), Device.CPU);
    LanguageModel model = adapted(spec, weights);
    ModelRunner runner = ModelRunner.unloaded(model.decoder());
    ServedModel served = new ServedModel(spec, weights, model, runner);
    try {
      base.ifPresent(served::loadBase);
      return served;
    } catch (RuntimeException e) {
      served.close();
      throw e;
    }
  }

  private void loadBase(WeightSource base) {
    try (WeightSource.Snapshot snapshot = base.open(VersionRange.ANY)) {
      requireFit(weights.layouts(), snapshot);
      for (int part = 0; part < snapshot.parts().size(); part++) {
        runner.load(part, snapshot.parts().get(part));
      }
    }
  }

  private static LanguageModel adapted(ModelSpec spec, Weights weights) {
    return spec.over(weights, Optional.empty()).adapt(spec.lora(), spec.loraSeed());
  }

  /// Memory for another version of the same policy.
  ServedModel twin() {
    if (!spec.lora().adapts()) {
      return of(spec, Optional.empty());
    }
    // Closing a twin closes its adaptation; the weights under it are the first model's.
    LanguageModel other = adapted(spec, weights);
    Weights none = Weights.over(List.of(), List.of(), 0);
    return new ServedModel(spec, none, other, runner.of(other.decoder()));
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

  /// The version that is in the memory; empty before the first, and after a load that failed.
  OptionalLong version() {
    return version;
  }

  /// @throws IllegalArgumentException if a version is not of a model of those layouts
  static void requireFit(List<FlatLayout> layouts, WeightSource.Snapshot snapshot) {
    long[] sizes = snapshot.parts().stream().mapToLong(Tensor::numElements).toArray();
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
    Tensor values = snapshot.parts().get(part);
    if (spec.lora().adapts()) {
      decoder().trainedWeights().part(part).copy_(values);
    } else {
      runner.load(part, values);
    }
  }

  /// Says that every part is of that version.
  void complete(long loaded) {
    version = OptionalLong.of(loaded);
  }

  @Override
  public void close() {
    model.close();
    weights.close();
  }
}
