package dev.burnish.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.link.Region;
import dev.burnish.nn.Weights;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The bytes that a publisher writes, and the memory that it writes again.
class PublishTest {
  private final Weights weights = Models.weights();
  private final WeightPublisher publisher = new WeightPublisher("policy");

  @AfterEach
  void close() {
    publisher.close();
    weights.close();
  }

  private Published publish(long version, double value) {
    for (int part = 0; part < weights.numParts(); part++) {
      weights.part(part).fill_(value);
    }
    weights.publish(version);
    return publisher.publish(weights);
  }

  private static float first(Published published, int part) {
    return Models.first(published.parts().get(part));
  }

  @Test
  void eachPartIsWrittenWithItsDigest() {
    try (Tensor part = weights.part(0).narrow(0, 0, 1)) {
      weights.part(2).fill_(2.5);
      part.fill_(1.5);
    }
    weights.publish(7);
    try (Published published = publisher.publish(weights)) {
      assertThat(published.version()).isEqualTo(7);
      assertThat(published.set()).isEqualTo("policy");
      assertThat(published.bytes()).isEqualTo(4 * weights.numElements());
      published.requireSizes();
      published.manifest().requireFits(Models.LAYOUTS);
      for (int i : new int[] {0, 2}) {
        MemorySegment values = weights.part(i).segment();
        assertThat(published.parts().get(i).segment().mismatch(values)).isEqualTo(-1);
        CRC32C sum = new CRC32C();
        sum.update(values.asByteBuffer());
        assertThat(published.manifest().parts().get(i).digest()).isEqualTo(sum.getValue());
      }
      assertThat(published.manifest().parts().get(1).bytes()).isZero();
    }
  }

  @Test
  void theSameVersionIsNotWrittenAgain() {
    try (Published first = publish(1, 0.5)) {
      weights.part(0).fill_(9);
      try (Published again = publisher.publish(weights)) {
        assertThat(again.parts()).isEqualTo(first.parts());
        assertThat(first(again, 0)).isEqualTo(0.5f);
      }
    }
    publish(2, 1).close();
    weights.publish(1);
    assertThatThrownBy(() -> publisher.publish(weights))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("version=1 latest=2");
  }

  @Test
  void aSuccessorPublishesTheSameDigests() {
    try (Published first = publish(4, 0.25);
        WeightPublisher successor = new WeightPublisher("policy");
        Published second = successor.publish(weights)) {
      assertThat(second.manifest().digests()).isEqualTo(first.manifest().digests());
      first.requireSame(second.manifest());
    }
  }

  @Test
  void aPartThatHasNotChangedKeepsItsMemory() {
    try (Published first = publish(1, 0.5)) {
      weights.part(2).fill_(0.75);
      weights.publish(2);
      try (Published second = publisher.publish(weights)) {
        assertThat(second.parts().get(0)).isSameAs(first.parts().get(0));
        assertThat(second.parts().get(2)).isNotSameAs(first.parts().get(2));
        assertThat(second.manifest().parts().get(0)).isEqualTo(first.manifest().parts().get(0));
        assertThat(first(first, 2)).isEqualTo(0.5f);
        assertThat(first(second, 2)).isEqualTo(0.75f);
      }
    }
  }

  @Test
  void aPartThatAnotherSetHasIsNotWrittenAgain() {
    Published base = publish(0, 0.5);
    Region first = base.parts().getFirst();
    try (Weights similar = Weights.zeros(Models.LAYOUTS, Device.CPU);
        WeightPublisher critics = new WeightPublisher("critic", Optional.of(base))) {
      similar.part(0).fill_(0.5);
      try (Published shared = critics.publish(similar)) {
        assertThat(shared.set()).isEqualTo("critic");
        assertThat(shared.parts().get(0)).isSameAs(first);
        assertThat(shared.parts().get(2)).isNotSameAs(base.parts().get(2));
        assertThat(shared.manifest().digests()).isEqualTo(Digest.ofParts(similar));
        base.close();
        publisher.close();
        assertThat(first(shared, 0)).as("after the other set is gone").isEqualTo(0.5f);
      }
    }
    assertThat(isClosed(first)).isTrue();
  }

  @Test
  void aPublicationThatFailsKeepsNothingOfAnotherSet() {
    Published base = publish(0, 0.5);
    Region first = base.parts().getFirst();
    try (Weights similar = Weights.zeros(Models.LAYOUTS, Device.CPU);
        WeightPublisher critics = new WeightPublisher("critic", Optional.of(base));
        FaultPoint.Installed _ =
            FaultPoint.install(point -> {
              if (point.equals("publish.part")) {
                throw new IllegalStateException("of a test");
              }
            })) {
      similar.part(0).fill_(0.5);
      assertThatThrownBy(() -> critics.publish(similar)).hasMessageContaining("of a test");
    }
    assertThat(isClosed(first)).isFalse();
    base.close();
    publisher.close();
    assertThat(isClosed(first)).isTrue();
  }

  @Test
  void memoryIsWrittenAgainWhenNobodyHoldsIt() {
    Published first = publish(1, 1);
    List<Region> memory = first.parts();
    try (Published second = publish(2, 2)) {
      assertThat(second.parts()).doesNotContainAnyElementsOf(changed(memory));
      first.close();
      try (Published third = publish(3, 3)) {
        assertThat(changed(third.parts())).containsExactlyElementsOf(changed(memory));
        assertThat(first(second, 0)).isEqualTo(2);
        assertThat(first(third, 0)).isEqualTo(3);
      }
    }
  }

  /// Without the part that has no parameters, which never changes.
  private static List<Region> changed(List<Region> parts) {
    return List.of(parts.get(0), parts.get(2));
  }

  @Test
  void memoryThatIsNoLongerNeededIsGivenBack() {
    List<Published> held = new ArrayList<>();
    for (int version = 1; version <= 5; version++) {
      held.add(publish(version, version));
    }
    List<Region> all = held.stream().flatMap(each -> changed(each.parts()).stream()).toList();
    assertThat(all).doesNotHaveDuplicates();
    held.forEach(Published::close);
    publish(6, 6).close();
    assertThat(all.stream().filter(PublishTest::isClosed)).hasSize(2 * 3);
  }

  private static boolean isClosed(Region region) {
    try {
      region.share().close();
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  @Test
  void aPublicationThatFailsLeavesTheVersionBefore() {
    try (Published first = publish(1, 1)) {
      try (FaultPoint.Installed _ =
          FaultPoint.install(point -> {
            if (point.equals("publish.written")) {
              throw new IllegalStateException("of a test");
            }
          })) {
        assertThatThrownBy(() -> publish(2, 2)).hasMessage("of a test");
      }
      assertThat(first(first, 0)).isEqualTo(1);
      try (Published second = publish(2, 2)) {
        assertThat(first(second, 0)).isEqualTo(2);
        assertThat(first(first, 0)).isEqualTo(1);
      }
    }
  }
}
