package dev.burnish.store;

import static dev.burnish.store.Models.LAYOUTS;
import static dev.burnish.store.Models.PARTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.kernel.PackedLayout;
import dev.burnish.kernel.PackedLayout.Shape;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.link.Region;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.PartValues;
import dev.burnish.nn.Weights;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Versions that are published as generators read them.
class PackedStoreTest {
  private final TensorScope scope = TensorScope.open();
  private final Weights weights = random(3);
  private final MemoryWeightStore store = new MemoryWeightStore();
  private final WeightPublisher publisher = WeightPublisher.packed("policy", PARTS);

  @AfterEach
  void close() {
    publisher.close();
    store.close();
    weights.close();
    scope.close();
  }

  private static Weights random(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Weights weights = Models.weights();
    for (int part = 0; part < weights.numParts(); part++) {
      for (int i = 0; i < weights.part(part).numElements(); i++) {
        set(weights, part, i, (float) random.nextGaussian());
      }
    }
    return weights;
  }

  private static void set(Weights weights, int part, int index, float value) {
    weights.part(part).segment().setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
  }

  private void publish(long version) {
    weights.publish(version);
    try (Published published = publisher.publish(weights)) {
      store.publish(published);
    }
  }

  private MappedWeights map(List<PackedPart> model) {
    return WeightReader.ofAnyForm(store, "policy", model).map(1);
  }

  @Test
  void aReaderFindsEveryValue() {
    publish(1);
    try (MappedWeights mapped = map(PARTS)) {
      mapped.checkAll();
      for (int part = 0; part < LAYOUTS.size(); part++) {
        assertThat(mapped.parts().get(part)).isInstanceOf(PartValues.Packed.class);
        assertThat(mapped.parts().get(part).unpacked().toFloatArray())
            .isEqualTo(weights.part(part).toFloatArray());
      }
      assertThatThrownBy(mapped::weights).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aReaderWithOtherRegistersFindsThemToo() {
    publish(1);
    List<PackedPart> other = PARTS.stream().map(part -> part.as(WeightFormat.BF16, 6)).toList();
    try (MappedWeights mapped = map(other);
        Published published = store.get("policy", 1)) {
      for (int part : new int[] {0, 2}) {
        float[] expected = weights.part(part).toFloatArray();
        assertThat(mapped.parts().get(part).unpacked().toFloatArray()).isEqualTo(expected);
        Tensor copy = Tensor.empty(DType.F32, Device.CPU, expected.length);
        published.copyValues(part, other.get(part), copy.segment());
        assertThat(copy.toFloatArray()).isEqualTo(expected);
      }
    }
  }

  @Test
  void theDigestsOfTheValuesDoNotDependOnTheForm() {
    List<PackedPart> narrow = PARTS.stream().map(part -> part.as(WeightFormat.F32, 2)).toList();
    try (WeightPublisher plain = new WeightPublisher("policy");
        WeightPublisher other = WeightPublisher.packed("policy", narrow);
        Published packed = publisher.publish(weights);
        Published unpacked = plain.publish(weights);
        Published narrower = other.publish(weights)) {
      List<Long> digests = Digest.ofParts(weights);
      assertThat(packed.manifest().digests()).isEqualTo(digests);
      assertThat(unpacked.manifest().digests()).isEqualTo(digests);
      assertThat(narrower.manifest().digests()).isEqualTo(digests);
      packed.requireSame(unpacked.manifest());
      assertThat(packed.manifest().parts().getFirst().digest())
          .isNotEqualTo(narrower.manifest().parts().getFirst().digest());
    }
  }

  @Test
  void aSuccessorWritesTheSameBytesAlsoIntoMemoryThatWasUsed() {
    try (WeightPublisher successor = WeightPublisher.packed("policy", PARTS);
        Weights others = random(4)) {
      others.publish(1);
      successor.publish(others).close();
      others.publish(2);
      others.part(0).fill_(1);
      successor.publish(others).close();
      weights.publish(3);
      try (Published again = successor.publish(weights);
          Published first = publisher.publish(weights)) {
        assertThat(again.manifest()).isEqualTo(first.manifest());
      }
    }
  }

  @Test
  void aPartThatHasNotChangedKeepsItsMemory() {
    weights.publish(1);
    try (Published first = publisher.publish(weights)) {
      int norm = LAYOUTS.get(2).offset("norm");
      for (int index : new int[] {0, norm - 1, norm, norm + 19}) {
        set(weights, 2, index, 7);
        weights.publish(weights.version() + 1);
        try (Published next = publisher.publish(weights)) {
          assertThat(next.parts().get(0)).isSameAs(first.parts().get(0));
          assertThat(next.manifest().parts().get(0)).isEqualTo(first.manifest().parts().get(0));
          assertThat(next.parts().get(2)).as("index %d", index).isNotSameAs(first.parts().get(2));
          assertThat(next.manifest().digests()).isEqualTo(Digest.ofParts(weights));
        }
      }
    }
  }

  @Test
  void memoryThatWasWrittenAgainIsNoticed() {
    publish(1);
    try (MappedWeights mapped = map(PARTS);
        Published published = store.get("policy", 1)) {
      mapped.checkAll();
      long last = published.manifest().parts().get(2).bytes() - 1;
      published.parts().get(2).segment().set(ValueLayout.JAVA_BYTE, last, (byte) 9);
      assertThatThrownBy(mapped::checkAll)
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("set=policy version=1 part=2");
    }
  }

  @Test
  void whoComputesWithWeightsAsTheyAreRefusesPackedOnes() {
    publish(1);
    Published before = store.get("policy", 1);
    assertThatThrownBy(() -> new WeightReader(store, "policy", LAYOUTS).map(1))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("part=0 form=packed");
    before.close();
    publisher.close();
    store.close();
    assertThatThrownBy(() -> before.parts().getFirst().share())
        .as("nothing stays open")
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void matricesOfAnotherBuildAreRefused() {
    publish(1);
    PackedPart fewer = PackedPart.of(LAYOUTS.get(2), List.of(), WeightFormat.F32);
    assertThatThrownBy(() -> map(List.of(PARTS.get(0), PARTS.get(1), fewer)))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("part=2")
        .hasMessageContaining("must have the matrices of the model");
  }

  @Test
  void layoutsThatAreNotThoseOfTheParametersAreRefused() {
    Manifest.Part part = part(32, new Shape(2, 3));
    assertThat(part.bytes()).isEqualTo(4 * 32 * 3 + 4 * 600 + 4 * 20 - 4 * 6);
    for (Shape more :
        List.of(
            new Shape(621, 1),
            new Shape(1, Integer.MAX_VALUE),
            new Shape(Integer.MAX_VALUE, Integer.MAX_VALUE))) {
      assertThatThrownBy(() -> part(32, more)).isInstanceOf(IllegalArgumentException.class);
    }
    Shape most = new Shape(Integer.MAX_VALUE, Integer.MAX_VALUE);
    assertThatThrownBy(() -> part(32, most, most, most, most))
        .isInstanceOf(IllegalArgumentException.class);
    Manifest manifest = new Manifest("policy", 1, List.of(part));
    try (Published small = new Published(manifest, List.of(Region.allocate(part.bytes() - 1)))) {
      assertThatThrownBy(() -> store.publish(small))
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("part=0 expected=" + part.bytes());
    }
  }

  private static Manifest.Part part(int columns, Shape... matrices) {
    PackedLayout layout = new PackedLayout(WeightFormat.F32, columns, List.of(matrices));
    return new Manifest.Part(Manifest.specs(LAYOUTS.get(2)), Optional.of(layout), 0, 0);
  }
}
