package dev.burnish.store.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.Region;
import dev.burnish.sharding.Box;
import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Tensors by key, in one process.
class TensorStoreTest {
  private static final List<Long> SHAPE = List.of(8L, 6L);
  private static final Layout ROWS = Parts.layout(SHAPE, DeviceMesh.of(2), "S0");
  private static final Layout COLUMNS = Parts.layout(SHAPE, DeviceMesh.of(2), "S1");

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

  private static long[] range(long from, long to) {
    return LongStream.range(from, to).toArray();
  }

  @Test
  void aTensorIsReadWholeAsAPartOrAsASlice() {
    Parts.put(store, "a", ROWS, numbered(0));
    assertThat(Parts.elements(store.get("a"))).isEqualTo(range(0, 48));
    assertThat(Parts.elements(store.get("a", COLUMNS, 1)))
        .isEqualTo(Parts.elements(numbered(0).narrow(1, 3, 3)));
    Box crossing = new Box(List.of(2L, 1L), List.of(4L, 4L));
    assertThat(Parts.elements(store.slice("a", crossing)))
        .isEqualTo(Parts.elements(numbered(0).narrow(0, 2, 4).narrow(1, 1, 4)));
    Box oneOfThem = new Box(List.of(1L, 0L), List.of(2L, 3L));
    assertThat(Parts.elements(store.slice("a", oneOfThem))).containsExactly(6, 7, 8, 12, 13, 14);
  }

  @Test
  void aPartIsReadIntoATensorWhereItIs() {
    Parts.put(store, "a", ROWS, numbered(0));
    Tensor into = Tensor.zeros(DType.I64, Device.CPU, 8, 3);
    long address = into.address();
    store.getInto("a", new ShardedTensor(COLUMNS, 0, into));
    assertThat(into.address()).isEqualTo(address);
    assertThat(Parts.elements(into)).isEqualTo(Parts.elements(numbered(0).narrow(1, 0, 3)));
    Tensor wide = Tensor.zeros(DType.I64, Device.CPU, 8, 10);
    store.getInto("a", new ShardedTensor(COLUMNS, 1, wide.narrow(1, 2, 3)));
    assertThat(Parts.elements(wide.narrow(1, 2, 3)))
        .isEqualTo(Parts.elements(numbered(0).narrow(1, 3, 3)));
    assertThat(Parts.elements(wide.narrow(1, 5, 5))).containsOnly(0);
    try (Snapshot snapshot = store.open(List.of("a"))) {
      Box slice = new Box(List.of(7L, 4L), List.of(1L, 2L));
      Tensor two = Tensor.zeros(DType.I64, Device.CPU, 1, 2);
      snapshot.sliceInto("a", slice, two);
      assertThat(Parts.elements(two)).containsExactly(46, 47);
      assertThatThrownBy(() -> snapshot.sliceInto("a", slice, into))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("shape=[8, 3] slice=[7:8, 4:6]");
    }
  }

  @Test
  void tensorsWithGapsArePutAsTheyAre() {
    Tensor some = Parts.numbered(List.of(4L, 5L), 0).narrow(1, 0, 3);
    store.put("a", some);
    assertThat(Parts.elements(store.get("a"))).isEqualTo(Parts.elements(some));
  }

  @Test
  void whatIsPutIsASnapshot() {
    Tensor tensor = numbered(0);
    store.put("a", tensor);
    Tensor _ = tensor.fill_(7);
    assertThat(Parts.elements(store.get("a"))).isEqualTo(range(0, 48));
  }

  @Test
  void aPutIsVisibleWhenAllRanksHavePut() {
    store.put("a", Parts.part(ROWS, 1, numbered(0)));
    assertThat(store.exists("a")).isFalse();
    assertThat(store.keys()).isEmpty();
    assertThatThrownBy(() -> store.get("a"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("only partially committed: key=a present=[1] missing=[0]");
    assertThat(store.missing())
        .containsExactly(new Catalogue.Missing("[a]", List.of(1), List.of(0)));
    store.put("a", Parts.part(ROWS, 0, numbered(0)));
    assertThat(store.exists("a")).isTrue();
    assertThat(store.missing()).isEmpty();
  }

  @Test
  void readersSeeTheOldTensorUntilTheNewOneIsWhole() {
    Parts.put(store, "a", ROWS, numbered(0));
    store.put("a", Parts.part(COLUMNS, 0, numbered(100)));
    assertThat(Parts.elements(store.get("a"))).isEqualTo(range(0, 48));
    try (Snapshot before = store.open(List.of("a"))) {
      store.put("a", Parts.part(COLUMNS, 1, numbered(100)));
      assertThat(Parts.elements(store.get("a"))).isEqualTo(range(100, 148));
      store.delete("a");
      assertThat(Parts.elements(before.get("a"))).isEqualTo(range(0, 48));
    }
  }

  @Test
  void aKeyMayGetAnotherShapeTypeAndMesh() {
    Parts.put(store, "a", ROWS, numbered(0));
    store.put("a", Tensor.of(new float[] {1, 2}, 2));
    assertThat(store.get("a").toFloatArray()).containsExactly(1, 2);
    List<Long> shape = List.of(5L);
    Parts.put(store, "a", Parts.layout(shape, DeviceMesh.of(4), "S0"), Parts.numbered(shape, 3));
    assertThat(Parts.elements(store.get("a"))).isEqualTo(range(3, 8));
  }

  /// Else one rank's new part would be joined with another's old one.
  @Test
  void aRankDoesNotPutAgainBeforeTheOthersHave() {
    store.put("a", Parts.part(ROWS, 0, numbered(0)));
    assertThatThrownBy(() -> store.put("a", Parts.part(ROWS, 0, numbered(100))))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("rank=0 missing=[1]");
    assertThatThrownBy(() -> store.put("a", Parts.part(COLUMNS, 1, numbered(100))))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("same tensors with the same layouts")
        .hasMessageContaining("as [S1]")
        .hasMessageContaining("as [S0]");
    store.deleteAll(List.of("a"));
    Parts.put(store, "a", COLUMNS, numbered(100));
    assertThat(Parts.elements(store.get("a"))).isEqualTo(range(100, 148));
  }

  @Test
  void aMessageThatComesTwiceChangesNothing() {
    try (Contribution first = pack(0);
        Contribution second = pack(1)) {
      catalogue.put(first);
      catalogue.put(first);
      catalogue.put(second);
      catalogue.put(second);
      catalogue.put(first);
    }
    assertThat(store.missing()).isEmpty();
    assertThat(Parts.elements(store.get("a"))).isEqualTo(range(0, 48));
  }

  private static Contribution pack(int rank) {
    ShardedTensor part = Parts.part(ROWS, rank, numbered(0));
    return Packing.pack(rank, List.of(new Piece.OfTensor("a", part, DType.I64)), Region::allocate);
  }

  private static Map<String, ShardedTensor> two(int rank, long plus) {
    return Map.of(
        "a",
        Parts.part(ROWS, rank, numbered(plus)),
        "b",
        Parts.part(COLUMNS, rank, numbered(-plus)));
  }

  @Test
  void tensorsThatArePutTogetherBecomeVisibleTogether() {
    store.putAll(two(0, 0));
    store.putAll(two(1, 0));
    store.putAll(two(1, 100));
    assertThat(Parts.elements(store.get("b"))).isEqualTo(range(0, 48));
    store.putAll(two(0, 100));
    Map<String, Tensor> both = store.getAll(List.of("b", "a"));
    assertThat(both.keySet()).containsExactly("b", "a");
    assertThat(both.values().stream().map(Parts::elements))
        .containsExactly(range(-100, -52), range(100, 148));
  }

  @Test
  void allAreReadOrNone() {
    store.putAll(
        Map.of("a", ShardedTensor.whole(numbered(0)), "b", ShardedTensor.whole(numbered(1))));
    assertThatThrownBy(() -> store.getAll(List.of("a", "c", "b")))
        .isInstanceOf(StoreException.class)
        .hasMessage("the key must be there: key=c keys=[a, b]");
    assertThatThrownBy(() -> store.getAll(List.of("a", "a")))
        .isInstanceOf(IllegalArgumentException.class);
    Tensor into = Tensor.zeros(DType.I64, Device.CPU, 8, 6);
    Tensor other = Tensor.zeros(DType.F32, Device.CPU, 8, 6);
    Map<String, ShardedTensor> wanted = new LinkedHashMap<>();
    wanted.put("a", ShardedTensor.whole(into));
    wanted.put("b", ShardedTensor.whole(other));
    assertThatThrownBy(() -> store.getAllInto(wanted))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("key=b type=F32 stored=I64");
    assertThat(Parts.elements(into)).containsOnly(0);
    wanted.put("b", ShardedTensor.whole(Tensor.zeros(DType.I64, Device.CPU, 6, 8)));
    assertThatThrownBy(() -> store.getAllInto(wanted))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("keep its shape");
    assertThat(Parts.elements(into)).containsOnly(0);
  }

  @Test
  void tensorsOfDifferentRanksAreNotPutTogether() {
    assertThatThrownBy(() -> store.putAll(Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ranks=[]");
    Map<String, ShardedTensor> mixed =
        Map.of("a", Parts.part(ROWS, 0, numbered(0)), "b", ShardedTensor.whole(numbered(0)));
    assertThatThrownBy(() -> store.putAll(mixed))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("divided among the same ranks");
    assertThatThrownBy(() -> new ShardedTensor(ROWS, 0, numbered(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rank=0 shape=[8, 6] expected=[4, 6]");
  }

  @Test
  void keysAreFoundByTheirFirstSegments() {
    for (String key : List.of("", ".x", "v0.x", "v0.y", "v0.x.z", "v1.x", "v1.y", "v01.x")) {
      store.put(key, Tensor.of(new float[] {1}, 1));
    }
    assertThat(store.keys()).hasSize(8);
    assertThat(store.keys("v0")).containsExactly("v0.x", "v0.x.z", "v0.y");
    assertThat(store.keys("v0.x")).containsExactly("v0.x", "v0.x.z");
    assertThat(store.keys("")).containsExactly("", ".x");
    assertThat(store.keys("v1")).hasSize(2);
    assertThat(store.keys("v")).isEmpty();
  }

  @Test
  void whatIsDeletedIsGone() {
    store.put("a", numbered(0));
    store.put("b", numbered(0));
    store.delete("a");
    assertThat(store.exists("a")).isFalse();
    assertThatThrownBy(() -> store.delete("a"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("key=a keys=[b]");
    store.deleteAll(List.of("b", "b", "none"));
    store.deleteAll(List.of());
    store.deleteAll(List.of("b"));
    assertThat(store.keys()).isEmpty();
  }

  record Settings(String name, List<Double> rates) {}

  @Test
  void valuesAreStoredToo() {
    Settings settings = new Settings("adam", List.of(0.5, 0.25));
    store.putValue("settings", settings);
    assertThat(store.getValue("settings", Settings.class)).isEqualTo(settings);
    assertThatThrownBy(() -> store.getValue("settings", String.class))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("key=settings type=java.lang.String");
    assertThatThrownBy(() -> store.get("settings"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("a value is no tensor: key=settings");
    assertThatThrownBy(() -> store.putValue("thread", Thread.currentThread()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPartThatLiesInOnePieceIsReadWhereItLies() {
    Layout quarters = Parts.layout(SHAPE, DeviceMesh.of(4), "S0");
    Parts.put(store, "a", ROWS, numbered(0));
    try (Snapshot snapshot = store.open(List.of("a"))) {
      Tensor first = snapshot.map("a", ROWS, 1).orElseThrow();
      assertThat(Parts.elements(first)).isEqualTo(range(24, 48));
      Tensor quarter = snapshot.map("a", quarters, 3).orElseThrow();
      assertThat(Parts.elements(quarter)).isEqualTo(range(36, 48));
      assertThat(quarter.address()).isEqualTo(first.address() + 12 * Long.BYTES);
      assertThat(snapshot.map("a", COLUMNS, 0)).isEmpty();
      assertThat(snapshot.map("a", Layout.whole(8, 6), 0)).isEmpty();
      snapshot.check("a", quarters, 3);
    }
  }

  @Test
  void bytesThatChangedInMemoryAreNoticed() {
    Parts.put(store, "a", ROWS, numbered(0));
    try (Holding holding = catalogue.hold(List.of("a"))) {
      Contribution part = holding.sources().getFirst().ranks().get(1);
      part.memory().segment().set(ValueLayout.JAVA_LONG, part.items().getFirst().offset(), -1);
    }
    assertThat(Parts.elements(store.get("a", ROWS, 0))).isEqualTo(range(0, 24));
    for (Layout layout : List.of(ROWS, COLUMNS)) {
      assertThatThrownBy(() -> store.get("a", layout, 1))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("key=a rank=1 block=0 digest=");
    }
  }

  /// Parts of several blocks, whole and not, by rows and by columns.
  @Test
  void onlyBlocksThatAreReadAreChecked() {
    List<Long> shape = List.of(4L, 100_000L);
    Layout rows = Parts.layout(shape, DeviceMesh.of(2), "S0");
    Tensor whole = Parts.numbered(shape, 0);
    Parts.put(store, "a", rows, whole);
    try (Holding holding = catalogue.hold(List.of("a"))) {
      Contribution part = holding.sources().getFirst().ranks().get(1);
      part.memory().segment().set(ValueLayout.JAVA_LONG, 150_000L * Long.BYTES, -1);
    }
    Box before = new Box(List.of(2L, 17L), List.of(1L, 99_000L));
    assertThat(Parts.elements(store.slice("a", before)))
        .isEqualTo(Parts.elements(Parts.cut(whole, before)));
    Box after = new Box(List.of(3L, 0L), List.of(1L, 31_000L));
    assertThat(Parts.elements(store.slice("a", after)))
        .isEqualTo(Parts.elements(Parts.cut(whole, after)));
    for (Box with :
        List.of(
            new Box(List.of(3L, 40_000L), List.of(1L, 1L)),
            new Box(List.of(2L, 40_000L), List.of(2L, 3L)),
            Box.whole(shape))) {
      assertThatThrownBy(() -> store.slice("a", with))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("key=a rank=1 block=1 digest=");
    }
  }

  @Test
  void memoryThatNobodyHoldsIsWrittenAgain() {
    store.put("a", numbered(0));
    long first = address();
    store.put("a", numbered(1));
    assertThat(address()).isNotEqualTo(first);
    store.put("a", numbered(2));
    assertThat(address()).isEqualTo(first);
    try (Snapshot snapshot = store.open(List.of("a"))) {
      store.put("a", numbered(3));
      store.put("a", numbered(4));
      assertThat(Parts.elements(snapshot.get("a"))).isEqualTo(range(2, 50));
    }
  }

  private long address() {
    try (Holding holding = catalogue.hold(List.of("a"))) {
      return holding.sources().getFirst().ranks().getFirst().memory().segment().address();
    }
  }

  @Test
  void memoryIsFreedWithTheLastKeyOfAPut() {
    store.putAll(
        Map.of("a", ShardedTensor.whole(numbered(0)), "b", ShardedTensor.whole(numbered(1))));
    Contribution part;
    try (Holding holding = catalogue.hold(List.of("a"))) {
      part = holding.sources().getFirst().ranks().getFirst();
    }
    store.delete("a");
    assertThat(part.share().memory().isHeldElsewhere()).isTrue();
    part.close();
    store.put("b", numbered(2));
    store.close();
    assertThatThrownBy(part::share).isInstanceOf(IllegalStateException.class);
  }
}
