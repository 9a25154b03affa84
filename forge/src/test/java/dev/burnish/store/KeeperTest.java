package dev.burnish.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.Region;
import dev.burnish.mesh.JobOptions.Processes;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The versions that a keeper holds, with all sides in this process.
class KeeperTest {
  private final HandoverLoop loop = new HandoverLoop(Processes.THREADS);
  private final WeightKeeper keeper = loop.keeper;

  @AfterEach
  void close() {
    loop.close();
  }

  @Test
  void aVersionIsHandedOverWhenAllSidesAreThreads() {
    loop.step(1);
    loop.publish(2);
    loop.requireUndisturbed(2);
    assertThat(keeper.versions("policy")).containsExactly(1L, 2L);
    assertThat(loop.store.route().versions("policy")).containsExactly(1L, 2L);
    keeper.retain("policy", 2);
    assertThat(keeper.versions("policy")).containsExactly(2L);
    assertThat(loop.store.route().versions("policy")).containsExactly(2L);
    assertThatThrownBy(() -> keeper.get("policy", 1))
        .isInstanceOf(WeightsException.class)
        .hasMessage("the version must be kept: set=policy version=1 versions=[2]");
  }

  @Test
  void aGeneratorThatIsRefusedAVersionServesTheOneBefore() {
    loop.step(1);
    assertThatThrownBy(() -> loop.generator.route().take(7))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("version=7 versions=[1]");
    try (Published one = keeper.get("policy", 1);
        Published other = new Published(new Manifest("policy", 2, wrong(one)), shares(one))) {
      keeper.publish(other.share());
    }
    assertThatThrownBy(() -> loop.generator.route().take(2))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("version=2 part=0");
    assertThat(loop.generator.route().serving()).isEqualTo(1);
  }

  private static List<Manifest.Part> wrong(Published published) {
    return published.manifest().parts().stream()
        .map(part ->
            new Manifest.Part(part.parameters(), part.packed(), part.digest() + 1, part.values()))
        .toList();
  }

  private static List<Region> shares(Published published) {
    return published.parts().stream().map(Region::share).toList();
  }

  @Test
  void whatIsNotKeptIsClosed() {
    keeper.publish(Models.published("policy", 3));
    Published again = Models.published("policy", 3);
    keeper.publish(again);
    assertClosed(again);
    try (Published three = keeper.get("policy", 3)) {
      Published changed = new Published(new Manifest("policy", 3, wrong(three)), shares(three));
      assertThatThrownBy(() -> keeper.publish(changed))
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("a published version must not change");
    }
    keeper.retain("policy", 3);
    Published old = Models.published("policy", 2);
    assertThatThrownBy(() -> keeper.publish(old))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("version=2 oldest=3 versions=[3]");
    assertClosed(old);
    loop.requireUndisturbed(3);
    Published last = keeper.get("policy", 3);
    last.close();
    keeper.close();
    assertClosed(last);
  }

  private static void assertClosed(Published published) {
    for (Region part : published.parts()) {
      assertThatThrownBy(part::share).isInstanceOf(IllegalStateException.class);
    }
  }
}
