package dev.burnish.store;

import static dev.burnish.store.Models.LAYOUTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.Region;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.ParameterSpec;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The versions that a store accepts and gives out, and how a reader takes them.
class StoreTest {
  private final MemoryWeightStore store = new MemoryWeightStore();

  @AfterEach
  void close() {
    store.close();
  }

  private void publish(String set, long version) {
    try (Published published = Models.published(set, version)) {
      store.publish(published);
    }
  }

  private WeightReader reader() {
    return new WeightReader(store, "policy", LAYOUTS);
  }

  @Test
  void aVersionIsReadAsItWasPublishedWhenItsPublisherIsGone() {
    publish("policy", 3);
    try (MappedWeights mapped = reader().map(3)) {
      assertThat(mapped.version()).isEqualTo(3);
      assertThat(mapped.weights().version()).isEqualTo(3);
      assertThat(mapped.weights().layouts()).isEqualTo(LAYOUTS);
      for (int part : new int[] {0, 2}) {
        assertThat(mapped.weights().part(part).toFloatArray())
            .hasSize(LAYOUTS.get(part).size())
            .containsOnly(Models.value(3, part));
      }
    }
  }

  @Test
  void setsHaveVersionsOfTheirOwn() {
    publish("base", 0);
    publish("policy", 1);
    publish("policy", 2);
    assertThat(store.versions("base")).containsExactly(0L);
    assertThat(store.versions("policy")).containsExactly(1L, 2L);
    assertThat(store.versions("critic")).isEmpty();
    store.retain("policy", 2);
    assertThat(store.versions("policy")).containsExactly(2L);
    assertThat(store.versions("base")).containsExactly(0L);
  }

  @Test
  void aMessageThatComesTwiceChangesNothing() {
    publish("policy", 1);
    publish("policy", 2);
    publish("policy", 1);
    assertThat(store.versions("policy")).containsExactly(1L, 2L);
    try (Published first = store.get("policy", 1)) {
      assertThat(Models.first(first.parts().getFirst())).isEqualTo(Models.value(1, 0));
    }
  }

  @Test
  void aVersionThatIsThereDoesNotChange() {
    publish("policy", 1);
    try (Published two = Models.published("policy", 2);
        Published other =
            new Published(new Manifest("policy", 1, two.manifest().parts()), shares(two))) {
      assertThatThrownBy(() -> store.publish(other))
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("a published version must not change: set=policy version=1");
    }
    try (Published first = store.get("policy", 1)) {
      assertThat(Models.first(first.parts().getFirst())).isEqualTo(Models.value(1, 0));
    }
  }

  private static List<Region> shares(Published published) {
    return published.parts().stream().map(Region::share).toList();
  }

  @Test
  void aVersionThatIsNotThereNamesThoseThatAre() {
    publish("policy", 4);
    publish("policy", 5);
    assertThatThrownBy(() -> reader().map(9))
        .isInstanceOf(WeightsException.class)
        .hasMessage("the version must be there: set=policy version=9 versions=[4, 5]");
  }

  @Test
  void anOldVersionIsDroppedTheLatestStays() {
    publish("policy", 1);
    publish("policy", 2);
    store.retain("policy", 9);
    assertThat(store.versions("policy")).containsExactly(2L);
    assertThatThrownBy(() -> publish("policy", 8))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("version=8 oldest=9 versions=[2]");
    publish("policy", 9);
    store.retain("policy", 3);
    store.retain("policy", 9);
    assertThat(store.versions("policy")).containsExactly(9L);
  }

  @Test
  void aReaderKeepsWhatIsDropped() {
    publish("policy", 1);
    MappedWeights mapped = reader().map(1);
    publish("policy", 2);
    store.retain("policy", 2);
    mapped.checkAll();
    assertThat(mapped.weights().part(0).toFloatArray()).containsOnly(Models.value(1, 0));
    mapped.close();
    assertThatThrownBy(() -> reader().map(1)).isInstanceOf(WeightsException.class);
  }

  @Test
  void memoryThatWasWrittenAgainIsNoticed() {
    publish("policy", 1);
    try (MappedWeights mapped = reader().map(1)) {
      mapped.checkAll();
      overwrite(1);
      mapped.check(0);
      assertThatThrownBy(mapped::checkAll)
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("set=policy version=1 part=2")
          .hasMessageContaining("take the version over again");
    }
  }

  private void overwrite(long version) {
    try (Published published = store.get("policy", version)) {
      published.parts().get(2).segment().set(ValueLayout.JAVA_FLOAT, 40, 7);
    }
  }

  @Test
  void aReaderThatRefusesAVersionLeavesNothingOpen() {
    publish("policy", 1);
    Published before = store.get("policy", 1);
    assertThatThrownBy(() -> new WeightReader(store, "policy", LAYOUTS.subList(0, 1)).map(1))
        .isInstanceOf(WeightsException.class);
    before.close();
    store.close();
    assertThatThrownBy(() -> before.parts().getFirst().share())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void weightsOfAnotherModelNameTheFirstParameterThatDiffers() {
    publish("policy", 1);
    List<FlatLayout> other = new ArrayList<>(LAYOUTS);
    other.set(
        2,
        FlatLayout.of(
            List.of(new ParameterSpec("up.weight", 30, 20), new ParameterSpec("norm", 4, 5))));
    assertRefused(other, "part=2 published=norm[20] model=norm[4, 5]");
    assertRefused(LAYOUTS.subList(0, 2), "part=2 published=up.weight[30, 20] model=nothing");
    assertRefused(LAYOUTS.subList(0, 1), "part=2 published=up.weight[30, 20] model=nothing");
    List<FlatLayout> more = new ArrayList<>(LAYOUTS);
    more.add(FlatLayout.of(List.of(new ParameterSpec("head", 3))));
    assertRefused(more, "part=3 published=nothing model=head[3]");
    more.set(3, FlatLayout.of(List.of()));
    assertRefused(more, "published=3 model=4");
  }

  private void assertRefused(List<FlatLayout> layouts, String why) {
    assertThatThrownBy(() -> new WeightReader(store, "policy", layouts).map(1))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining(why);
  }

  @Test
  void sizesThatAreNotThoseOfTheParametersAreRefused() {
    assertRefused(List.of(new ParameterSpec("a", 5)), 19, "part=0 expected=20 bytes=19");
    assertRefused(List.of(new ParameterSpec("a", 5)), 21, "part=0 expected=20 bytes=21");
    assertRefused(List.of(), 4, "part=0 expected=1 bytes=4");
    ParameterSpec huge = new ParameterSpec("a", Integer.MAX_VALUE);
    assertRefused(List.of(huge, huge, huge), 4, "part=0 expected=25769803764 bytes=4");
    try (Published none =
        new Published(
            new Manifest("policy", 1, List.of(Manifest.Part.plain(List.of(), 0))), List.of())) {
      assertThatThrownBy(() -> store.publish(none))
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("part=0 expected=1 bytes=none");
    }
    assertThat(store.versions("policy")).isEmpty();
  }

  private void assertRefused(List<ParameterSpec> parameters, long bytes, String why) {
    Manifest manifest = new Manifest("policy", 1, List.of(Manifest.Part.plain(parameters, 0)));
    try (Published hostile = new Published(manifest, List.of(Region.allocate(bytes)))) {
      assertThatThrownBy(() -> store.publish(hostile))
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining(why);
    }
  }

  @Test
  void dimsThatNoParameterHasAreRefused() {
    for (long[] shape :
        new long[][] {{-1}, {-3, -3}, {1L << 32}, {1L << 40, 1L << 40}, {Long.MIN_VALUE, 0}}) {
      assertThatThrownBy(() -> Manifest.Part.plain(List.of(new ParameterSpec("a", shape)), 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("parameter=a[" + shape[0]);
    }
    assertThatThrownBy(() -> new Manifest("policy", -1, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("version=-1");
  }

  @Test
  void whoeverAwaitsAVersionGetsTheLatest() throws Exception {
    try (Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Published one = Models.published("policy", 1);
        Published three = Models.published("policy", 3)) {
      WeightStore actor =
          job.hosts()
              .spawnProcs(Map.of("procs", 1))
              .spawn("weights", WeightStore.class, MemoryWeightStore::new)
              .only();
      Future<Long> latest = threads.submit(() -> actor.await("policy", 2));
      actor.publish(one);
      assertThat(actor.await("policy", 0)).isEqualTo(1);
      assertThat(latest.isDone()).isFalse();
      actor.publish(three);
      assertThat(latest.get()).isEqualTo(3);
    }
  }
}
