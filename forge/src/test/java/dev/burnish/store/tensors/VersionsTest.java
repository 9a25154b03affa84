package dev.burnish.store.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.failure.CallCancelled;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Sets of tensors under versions.
class VersionsTest {
  private static final List<Long> SHAPE = List.of(4L);
  private static final Layout HALVES = Parts.layout(SHAPE, DeviceMesh.of(2), "S0");

  private final MemoryCatalogue catalogue = new MemoryCatalogue(2);
  private final TensorStore store = new TensorStore(catalogue);

  @AfterEach
  void close() {
    store.close();
    catalogue.close();
  }

  private static void publish(TensorStore store, long version, int rank, long plus) {
    try (TensorScope _ = TensorScope.open()) {
      store.publish(
          "policy", version, Map.of("w", Parts.part(HALVES, rank, Parts.numbered(SHAPE, plus))));
    }
  }

  private void publish(long version) {
    publish(store, version, 0, 10 * version);
    publish(store, version, 1, 10 * version);
  }

  private static long[] read(Snapshot snapshot) {
    try (snapshot;
        Tensor tensor = snapshot.get("w");
        Tensor contiguous = tensor.contiguous()) {
      return Parts.elements(contiguous);
    }
  }

  @Test
  void aVersionIsVisibleWhenAllRanksHavePublishedIt() {
    publish(1);
    publish(store, 2, 1, 20);
    assertThat(store.versions("policy")).containsExactly(1L);
    assertThat(store.latest("policy")).hasValue(1L);
    assertThat(store.latest("critic")).isEmpty();
    assertThatThrownBy(() -> store.version("policy", 2))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(
            "set=policy version=2 versions=[1]; it is only partially there: present=[1] missing=[0]");
    assertThat(store.missing())
        .containsExactly(new Catalogue.Missing("set=policy version=2", List.of(1), List.of(0)));
    publish(store, 2, 0, 20);
    assertThat(read(store.version("policy", 2))).containsExactly(20, 21, 22, 23);
    assertThat(read(store.version("policy", 1))).containsExactly(10, 11, 12, 13);
  }

  @Test
  void aVersionDoesNotChange() {
    publish(1);
    publish(store, 1, 0, 10);
    assertThatThrownBy(() -> publish(store, 1, 0, 11))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("a published version must not change: set=policy version=1 rank=0");
    publish(store, 2, 0, 20);
    publish(store, 2, 0, 20);
    assertThatThrownBy(() -> publish(store, 2, 0, 21))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("set=policy version=2 rank=0 missing=[1]");
    assertThat(read(store.version("policy", 1))).containsExactly(10, 11, 12, 13);
  }

  @Test
  void ranksMustPublishTheSameTensors() {
    publish(store, 1, 0, 10);
    try (Tensor whole = Parts.numbered(SHAPE, 10);
        Tensor half = Parts.cut(whole, HALVES.box(1))) {
      ShardedTensor part = new ShardedTensor(HALVES, 1, half);
      assertThatThrownBy(() -> store.publish("policy", 1, Map.of("v", part)))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("rank=1 key=v")
          .hasMessageContaining("rank=0 key=w");
      assertThatThrownBy(() -> store.publish("policy", 1, Map.of("w", part, "x", part)))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("rank=1 key=x");
    }
    assertThat(store.versions("policy")).isEmpty();
  }

  @Test
  void supersededVersionsAreDroppedAndTheirReadersKeepThem() {
    publish(1);
    Snapshot first = store.version("policy", 1);
    publish(2);
    publish(3);
    assertThat(store.versions("policy")).containsExactly(2L, 3L);
    assertThatThrownBy(() -> store.version("policy", 1))
        .isInstanceOf(StoreException.class)
        .hasMessage("the version must be there: set=policy version=1 versions=[2, 3]");
    assertThat(read(first)).containsExactly(10, 11, 12, 13);
    assertThatThrownBy(() -> publish(store, 1, 0, 10))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("in order: set=policy version=1 versions=[2, 3]");
  }

  @Test
  void aVersionThatIsNeverWholeIsGivenUp() {
    publish(store, 1, 0, 10);
    publish(2);
    assertThat(store.missing()).isEmpty();
    publish(store, 3, 0, 30);
    store.abandon("policy");
    assertThat(store.missing()).isEmpty();
    publish(store, 3, 0, 31);
    publish(store, 3, 1, 31);
    assertThat(read(store.version("policy", 3))).containsExactly(31, 32, 33, 34);
  }

  @Test
  void whoeverAwaitsAVersionGetsTheLatest() throws Exception {
    try (Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        TensorStore remote = new TensorStore(catalogue(job))) {
      Future<long[]> latest = threads.submit(() -> read(remote.awaitVersion("policy", 2)));
      publish(remote, 1, 0, 10);
      publish(remote, 1, 1, 10);
      assertThat(read(remote.awaitVersion("policy", 0))).containsExactly(10, 11, 12, 13);
      assertThat(latest.isDone()).isFalse();
      publish(remote, 3, 0, 30);
      publish(remote, 3, 1, 30);
      assertThat(latest.get()).containsExactly(30, 31, 32, 33);
    }
  }

  @Test
  void floatingPointTensorsAreStoredAsAnotherType() {
    float third = 1 / 3f;
    try (Tensor floats = Tensor.of(new float[] {1, third, 257}, 3);
        Tensor integers = Parts.numbered(SHAPE, 1L << 40)) {
      Map<String, ShardedTensor> parts =
          Map.of("f", ShardedTensor.whole(floats), "i", ShardedTensor.whole(integers));
      store.as(DType.BF16).publish("policy", 1, parts);
      try (Snapshot snapshot = store.version("policy", 1);
          Tensor stored = snapshot.get("f");
          Tensor wide = stored.to(DType.F32);
          Tensor kept = snapshot.get("i")) {
        assertThat(stored.dtype()).isEqualTo(DType.BF16);
        assertThat(wide.toFloatArray()).containsExactly(1, 0.333984375f, 256);
        assertThat(Parts.elements(kept)).startsWith(1L << 40);
        assertThatThrownBy(() -> snapshot.getInto("f", ShardedTensor.whole(floats)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("type=F32 stored=BF16");
      }
      assertThatThrownBy(() -> store.as(DType.I8).publish("policy", 2, parts))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("type=I8");
    }
  }

  @Test
  void waitingEndsInTimeAndNamesTheRanksThatAreMissing() {
    try (Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));
        TensorStore remote = new TensorStore(actors(job).within(Duration.ofMillis(200)).only())) {
      publish(remote, 1, 1, 10);
      assertThatThrownBy(() -> remote.awaitVersion("policy", 1))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("set=policy version=1 unfinished=[Missing")
          .hasMessageContaining("present=[1], missing=[0]");
      assertThatThrownBy(() -> remote.await("a"))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("keys=[a]");
    }
  }

  @Test
  void theCallerSaysHowLongItWaitsAndNotTheStub() throws Exception {
    try (Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        TensorStore remote = new TensorStore(actors(job).within(Duration.ofMillis(20)).only())) {
      publish(remote, 1, 1, 10);
      assertThatThrownBy(() -> remote.awaitVersion(Duration.ofMillis(100), "policy", 1))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("set=policy version=1 unfinished=[Missing")
          .hasMessageContaining("present=[1], missing=[0]");
      assertThatThrownBy(() -> remote.await(Duration.ofMillis(100), "a", "b"))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("keys=[a, b]");
      CountDownLatch begun = new CountDownLatch(1);
      Future<long[]> awaited =
          threads.submit(() -> {
            begun.countDown();
            return read(remote.awaitVersion(Duration.ofMinutes(1), "policy", 1));
          });
      begun.await();
      publish(remote, 1, 0, 10);
      assertThat(awaited.get()).containsExactly(10, 11, 12, 13);
      remote.await(Duration.ofMinutes(1));
    }
  }

  @Test
  void anInterruptEndsAWait() throws Exception {
    try (Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));
        TensorStore remote = new TensorStore(catalogue(job))) {
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread waiting =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  remote.await(Duration.ofMinutes(1), "a");
                } catch (RuntimeException e) {
                  thrown.set(e);
                }
              });
      waiting.interrupt();
      waiting.join();
      assertThat(thrown.get()).isInstanceOf(CallCancelled.class);
    }
  }

  private static Catalogue catalogue(Job job) {
    return actors(job).only();
  }

  private static ActorMesh<Catalogue> actors(Job job) {
    return job.hosts()
        .spawnProcs(Map.of("procs", 1))
        .spawn("catalogue", Catalogue.class, MemoryCatalogue::new);
  }

  @Test
  void atLeastOneVersionIsKept() {
    assertThatThrownBy(() -> new MemoryCatalogue(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("numKept=0");
  }
}
