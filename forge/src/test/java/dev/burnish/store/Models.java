package dev.burnish.store;

import dev.burnish.kernel.WeightFormat;
import dev.burnish.link.Region;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.ParameterSpec;
import dev.burnish.nn.Weights;
import dev.burnish.tensor.Device;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;

/// Small weights whose values tell their version.
final class Models {
  /// A part of odd size, one without parameters, and one of two.
  static final List<FlatLayout> LAYOUTS =
      List.of(
          FlatLayout.of(List.of(new ParameterSpec("embedding.weight", 1001, 7))),
          FlatLayout.of(List.of()),
          FlatLayout.of(
              List.of(new ParameterSpec("up.weight", 30, 20), new ParameterSpec("norm", 20))));

  /// The same, as generators read them.
  static final List<PackedPart> PARTS = List.of(packed(0, "embedding"), packed(1), packed(2, "up"));

  private Models() {}

  private static PackedPart packed(int part, String... matrices) {
    List<List<String>> modules = Stream.of(matrices).map(List::of).toList();
    return PackedPart.of(LAYOUTS.get(part), modules, WeightFormat.F32);
  }

  static Weights weights() {
    return Weights.zeros(LAYOUTS, Device.CPU);
  }

  /// Gives weights the values of a version.
  static Weights at(Weights weights, long version) {
    for (int part = 0; part < weights.numParts(); part++) {
      weights.part(part).fill_(value(version, part));
    }
    weights.publish(version);
    return weights;
  }

  static float value(long version, int part) {
    return version + 0.25f * part;
  }

  static float first(Region part) {
    return part.segment().get(ValueLayout.JAVA_FLOAT, 0);
  }

  /// A version, as a publisher of its own writes it.
  static Published published(String set, long version) {
    try (Weights weights = weights();
        WeightPublisher publisher = new WeightPublisher(set)) {
      return publisher.publish(at(weights, version));
    }
  }
}
