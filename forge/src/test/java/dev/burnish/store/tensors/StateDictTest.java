package dev.burnish.store.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.sharding.Box;
import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// State dicts, parts of the store under a name, and conversion, in one process.
class StateDictTest {
  private static final List<Long> SHAPE = List.of(6L, 4L);
  private static final Layout ROWS = Parts.layout(SHAPE, DeviceMesh.of(2), "S0");
  private static final Layout COLUMNS = Parts.layout(SHAPE, DeviceMesh.of(3), "S1");

  private final MemoryCatalogue catalogue = new MemoryCatalogue();
  private final TensorStore store = new TensorStore(catalogue);
  private TensorScope scope = TensorScope.open();

  @BeforeEach
  void open() {
    scope.close();
    scope = TensorScope.open();
  }

  @AfterEach
  void close() {
    scope.close();
    store.close();
    catalogue.close();
  }

  private static Tensor numbered(long plus) {
    return Parts.numbered(SHAPE, plus);
  }

  /// Of a model and its optimizer, as PyTorch has them.
  private static Map<String, Object> dict(long plus) {
    Map<String, Object> dict = new LinkedHashMap<>();
    dict.put(
        "model", Map.of("layers.0.w", numbered(plus), "bias", Tensor.zeros(DType.F32, Device.CPU)));
    Map<String, Object> optimizer = new LinkedHashMap<>();
    optimizer.put("step", 7L + plus);
    optimizer.put("lr", 0.1);
    optimizer.put("betas", List.of(0.9, 0.999));
    optimizer.put("state", List.of(Map.of("moment", numbered(-plus)), Map.of()));
    optimizer.put("name", "adamw");
    optimizer.put("fused", false);
    optimizer.put("seed", new byte[] {1, 2});
    dict.put("optimizer", optimizer);
    dict.put("empty", List.of());
    return dict;
  }

  private static Map<?, ?> map(@Nullable Object value) {
    return (Map<?, ?>) Objects.requireNonNull(value);
  }

  private static Tensor tensor(@Nullable Object value) {
    return (Tensor) Objects.requireNonNull(value);
  }

  private static long[] elements(@Nullable Object tensor) {
    return Parts.elements(tensor(tensor));
  }

  @Test
  void aStateDictComesBackAsItWasNested() {
    store.putStateDict("run", dict(0));
    Map<String, Object> read = store.getStateDict("run");
    assertThat(read.keySet()).containsExactly("model", "optimizer", "empty");
    assertThat(elements(map(read.get("model")).get("layers.0.w"))).isEqualTo(elements(numbered(0)));
    assertThat(tensor(map(read.get("model")).get("bias")).shape()).isEmpty();
    Map<?, ?> optimizer = map(read.get("optimizer"));
    assertThat(List.copyOf(optimizer.keySet()))
        .isEqualTo(List.of("step", "lr", "betas", "state", "name", "fused", "seed"));
    assertThat(optimizer.get("step")).isEqualTo(7L);
    assertThat(optimizer.get("lr")).isEqualTo(0.1);
    assertThat(optimizer.get("betas")).isEqualTo(List.of(0.9, 0.999));
    assertThat(optimizer.get("name")).isEqualTo("adamw");
    assertThat(optimizer.get("fused")).isEqualTo(false);
    assertThat((byte[]) optimizer.get("seed")).containsExactly(1, 2);
    List<?> state = (List<?>) Objects.requireNonNull(optimizer.get("state"));
    assertThat(elements(map(state.get(0)).get("moment"))).isEqualTo(elements(numbered(0)));
    assertThat(state.get(1)).isEqualTo(Map.of());
    assertThat(read.get("empty")).isEqualTo(List.of());
  }

  @Test
  void eachLeafMayBeReadAloneByItsDottedKey() {
    store.putStateDict("run", dict(0));
    assertThat(elements(store.get("run.model.layers.0.w"))).isEqualTo(elements(numbered(0)));
    assertThat(store.getValue("run.optimizer.betas.1", Double.class)).isEqualTo(0.999);
    assertThat(store.keys("run.model")).containsExactly("run.model.bias", "run.model.layers.0.w");
    assertThatThrownBy(() -> store.get("run"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("a state dict is no tensor: key=run");
    assertThatThrownBy(() -> store.getStateDict("run.model"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("key=run.model");
    store.put("tensor", numbered(0));
    assertThatThrownBy(() -> store.getStateDict("tensor"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("there must be a state dict under the key: key=tensor");
  }

  private static Map<String, Object> sharded(int rank, long plus) {
    return Map.of(
        "w", Parts.part(ROWS, rank, numbered(plus)), "norm", numbered(1), "step", 3 + plus);
  }

  @Test
  void aStateDictOfSeveralRanksIsVisibleWholeOrNotAtAll() {
    store.putStateDict("run", sharded(0, 0));
    assertThat(store.keys()).isEmpty();
    assertThatThrownBy(() -> store.getStateDict("run"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("only partially committed: key=run present=[0] missing=[1]");
    store.putStateDict("run", sharded(1, 0));
    store.putStateDict("run", sharded(1, 100));
    Map<String, Object> old = store.getStateDict("run");
    assertThat(elements(old.get("w"))).isEqualTo(elements(numbered(0)));
    assertThat(old.get("step")).isEqualTo(3L);
    store.putStateDict("run", sharded(0, 100));
    Map<String, Object> read = store.getStateDict("run");
    assertThat(elements(read.get("w"))).isEqualTo(elements(numbered(100)));
    assertThat(elements(read.get("norm"))).isEqualTo(elements(numbered(1)));
    assertThat(read.get("step")).isEqualTo(103L);
  }

  @Test
  void valuesMustBeTheSameAtAllRanks() {
    store.putStateDict("run", Map.of("w", Parts.part(ROWS, 0, numbered(0)), "step", 3L));
    Map<String, Object> other = Map.of("w", Parts.part(ROWS, 1, numbered(0)), "step", 4L);
    assertThatThrownBy(() -> store.putStateDict("run", other))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("key=run.step rank=1 differs from rank=0");
  }

  @Test
  void aStateDictReplacesAllThatWasUnderItsKey() {
    store.putStateDict("run", dict(0));
    store.put("run.model.left", numbered(0));
    store.put("running", numbered(0));
    store.putStateDict("run", Map.of("model", Map.of("bias", numbered(5))));
    assertThat(store.keys()).containsExactly("run", "run.model.bias", "running");
    assertThat(elements(map(store.getStateDict("run").get("model")).get("bias")))
        .isEqualTo(elements(numbered(5)));
  }

  @Test
  void aLeafThatWasDeletedIsAnErrorThatNamesIt() {
    store.putStateDict("run", dict(0));
    store.delete("run.model.bias");
    assertThatThrownBy(() -> store.getStateDict("run"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("the key must be there: key=run.model.bias");
  }

  @Test
  void aStateDictIsReadIntoTensorsAndPartsThatAreThere() {
    store.putStateDict("run", sharded(0, 0));
    store.putStateDict("run", sharded(1, 0));
    Tensor part = Tensor.zeros(DType.I64, Device.CPU, COLUMNS.box(1).shape().get(0), 2);
    Tensor norm = Tensor.zeros(DType.I64, Device.CPU, 6, 4);
    Map<String, Object> into =
        Map.of("w", new ShardedTensor(COLUMNS, 1, part), "norm", norm, "step", 0L);
    StateDictRead read = store.getStateDictInto("run", into, Matching.STRICT);
    assertThat(Parts.elements(part))
        .isEqualTo(Parts.elements(Parts.cut(numbered(0), COLUMNS.box(1))));
    assertThat(Parts.elements(norm)).isEqualTo(elements(numbered(1)));
    assertThat(read.dict()).containsEntry("norm", norm).containsEntry("step", 3L);
    assertThat(read.missing()).isEmpty();
    assertThat(read.unexpected()).isEmpty();
  }

  @Test
  void keysThatDoNotMatchAreNamedAndNeverSkippedInSilence() {
    store.putStateDict("run", Map.of("a", Map.of("w", numbered(1)), "b", numbered(2), "n", 1L));
    Tensor w = Tensor.zeros(DType.I64, Device.CPU, 6, 4);
    Map<String, Object> into = Map.of("a.w", w, "c", List.of(5L));
    assertThatThrownBy(() -> store.getStateDictInto("run", into, Matching.STRICT))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("missing=[run.c.0] unexpected=[run.b, run.n]");
    assertThat(Parts.elements(w)).containsOnly(0);
    StateDictRead read = store.getStateDictInto("run", into, Matching.PARTIAL);
    assertThat(Parts.elements(w)).isEqualTo(elements(numbered(1)));
    assertThat(read.missing()).containsExactly("c.0");
    assertThat(read.unexpected()).containsExactly("b", "n");
    assertThat(read.dict()).containsEntry("a.w", w).containsEntry("c", List.of(5L));
  }

  @Test
  void nothingIsWrittenIfSomethingDoesNotFit() {
    store.putStateDict("run", Map.of("a", numbered(1), "b", numbered(2)));
    Tensor first = Tensor.zeros(DType.I64, Device.CPU, 6, 4);
    Map<String, Object> other = Map.of("a", first, "b", Tensor.zeros(DType.F32, Device.CPU, 6, 4));
    assertThatThrownBy(() -> store.getStateDictInto("run", other, Matching.STRICT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("key=run.b type=F32 stored=I64");
    assertThatThrownBy(
            () -> store.getStateDictInto("run", Map.of("a", first, "b", 1L), Matching.STRICT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("key=run.b own=Long");
    assertThat(Parts.elements(first)).containsOnly(0);
  }

  @Test
  void whatCannotBePutIsNamed() {
    Map<String, Object> twice = new LinkedHashMap<>();
    twice.put("a.b", numbered(0));
    twice.put("a", Map.of("b", numbered(0)));
    requireRefused(twice, "dotted keys of a state dict must be different: key=run.a.b");
    requireRefused(
        Map.of("a", List.of(Thread.currentThread())), "key=run.a.0 type=java.lang.Thread");
    Map<String, Object> nothing = new HashMap<>();
    nothing.put("a", null);
    requireRefused(nothing, "key=run.a type=null");
    requireRefused(Map.of("a", Map.of(1, 2L)), "within=run.a key=1");
    List<Object> circle = new ArrayList<>();
    circle.add(circle);
    requireRefused(Map.of("a", circle), "at most 12 levels deep");
    requireRefused(
        Map.of("a", Parts.part(ROWS, 1, numbered(0)), "b", Parts.part(COLUMNS, 1, numbered(0))),
        "must be parts of one rank of as many: key=run");
    assertThatThrownBy(() -> store.putStateDict("", Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(store.keys()).isEmpty();
  }

  private void requireRefused(Map<String, ?> dict, String message) {
    assertThatThrownBy(() -> store.putStateDict("run", dict))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void theDeepestStateDictTravels() {
    Object value = Map.of("w", numbered(0));
    for (int i = 0; i < 10; i++) {
      value = Map.of("m", value);
    }
    try (Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));
        TensorStore remote =
            new TensorStore(
                job.hosts()
                    .spawnProcs(Map.of("procs", 1))
                    .spawn("catalogue", Catalogue.class, MemoryCatalogue::new)
                    .only())) {
      remote.putStateDict("run", Map.of("deep", value));
      String key = remote.keys("run").getLast();
      assertThat(key).isEqualTo("run.deep" + ".m".repeat(10) + ".w");
      remote.getAll(List.of(key)).values().forEach(Tensor::close);
      assertThat(remote.getStateDict("run").keySet()).containsExactly("deep");
    }
  }

  @Test
  void aVersionMayBeAStateDict() {
    store.publishStateDict("policy", 1, dict(5));
    try (Snapshot snapshot = store.version("policy", 1)) {
      Map<String, Object> read = snapshot.stateDict("");
      assertThat(elements(map(read.get("model")).get("layers.0.w")))
          .isEqualTo(elements(numbered(5)));
      assertThat(map(read.get("optimizer")).get("step")).isEqualTo(12L);
      Tensor alone = snapshot.get("model.layers.0.w");
      assertThat(Parts.elements(alone)).isEqualTo(elements(numbered(5)));
    }
  }

  @Test
  void floatingPointTensorsAreConvertedWhenTheyArePutAndWhenTheyAreRead() {
    Layout rows = Parts.layout(List.of(4L, 3L), DeviceMesh.of(2), "S0");
    TensorStore rounded = store.as(DType.BF16);
    for (int rank = 0; rank < 2; rank++) {
      rounded.putStateDict("run", Map.of("w", Parts.thirds(rows, rank), "step", 1L));
    }
    Tensor whole = Parts.thirds(Layout.whole(4, 3), 0).local();
    float[] expected = whole.to(DType.BF16).to(DType.F32).toFloatArray();
    assertThat(store.get("run.w").dtype()).isEqualTo(DType.BF16);
    TensorStore wide = store.as(DType.F32);
    assertThat(wide.get("run.w").toFloatArray()).isEqualTo(expected);
    assertThat(tensor(wide.getStateDict("run").get("w")).toFloatArray()).isEqualTo(expected);
    Layout columns = Parts.layout(List.of(4L, 3L), DeviceMesh.of(3), "S1");
    assertThat(wide.get("run.w", columns, 1).toFloatArray())
        .containsExactly(expected[1], expected[4], expected[7], expected[10]);
    assertThat(wide.slice("run.w", new Box(List.of(1L, 1L), List.of(2L, 1L))).toFloatArray())
        .containsExactly(expected[4], expected[7]);
    Tensor gaps = Tensor.zeros(DType.F32, Device.CPU, 4, 5);
    wide.getInto("run.w", ShardedTensor.whole(gaps.narrow(1, 1, 3)));
    assertThat(gaps.narrow(1, 1, 3).contiguous().toFloatArray()).isEqualTo(expected);
    assertThatThrownBy(() -> store.getInto("run.w", ShardedTensor.whole(whole)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("key=run.w type=F32 stored=BF16");
    try (Snapshot snapshot = wide.open(List.of("run.w"))) {
      assertThat(snapshot.map("run.w", rows, 0)).isEmpty();
    }
  }

  @Test
  void partsOfTheStoreDoNotSeeEachOther() {
    TensorStore one = store.under("one");
    TensorStore two = store.under("two").under("deep");
    one.put("a", numbered(1));
    two.put("a", numbered(2));
    two.putStateDict("run", Map.of("w", numbered(3)));
    one.publish("policy", 1, Map.of("w", ShardedTensor.whole(numbered(4))));
    assertThat(one.keys()).containsExactly("a");
    assertThat(two.keys()).containsExactly("a", "run", "run.w");
    assertThat(two.keys("run")).containsExactly("run", "run.w");
    assertThat(store.keys())
        .containsExactly("one.a", "two.deep.a", "two.deep.run", "two.deep.run.w");
    assertThat(elements(one.get("a"))).isEqualTo(elements(numbered(1)));
    assertThat(elements(two.getAll(List.of("a")).get("a"))).isEqualTo(elements(numbered(2)));
    assertThat(elements(two.getStateDict("run").get("w"))).isEqualTo(elements(numbered(3)));
    assertThat(one.exists("a")).isTrue();
    assertThat(one.exists("two.deep.a")).isFalse();
    assertThat(one.latest("policy")).hasValue(1L);
    assertThat(two.latest("policy")).isEmpty();
    try (Snapshot snapshot = one.version("policy", 1)) {
      assertThat(snapshot.keys()).containsExactly("w");
    }
    two.delete("a");
    assertThat(one.exists("a")).isTrue();
    assertThatThrownBy(() -> two.get("a"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("key=two.deep.a");
    assertThatThrownBy(() -> store.under("")).isInstanceOf(IllegalArgumentException.class);
  }
}
