package dev.burnish.store.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.sharding.DeviceMesh;
import dev.burnish.sharding.Layout;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A catalogue that is started again, and told by those who keep contributions: in any order, and
/// of some that it gave up.
class RestoredCatalogueTest {
  private static final List<Long> SHAPE = List.of(4L);
  private static final Layout HALVES = Parts.layout(SHAPE, DeviceMesh.of(2), "S0");

  private final MemoryCatalogue before = new MemoryCatalogue();
  private final MemoryCatalogue after = new MemoryCatalogue();
  private final List<Deposit> deposits = new ArrayList<>();
  private final TensorStore writer = new TensorStore(before).placed(this::keep);
  private final TensorStore reader = new TensorStore(after);
  private TensorScope scope = TensorScope.open();

  @BeforeEach
  void open() {
    scope.close();
    scope = TensorScope.open();
  }

  @AfterEach
  void close() {
    scope.close();
    deposits.forEach(each -> each.part().close());
    writer.close();
    reader.close();
    before.close();
    after.close();
  }

  private void keep(Contribution part, Destination to) {
    Receipt receipt = to.send(before, part);
    deposits.add(new Deposit(to, receipt.number(), part.share()));
  }

  /// In an order that is not that of the puts.
  private void restore(long seed) {
    List<Deposit> shuffled = new ArrayList<>(deposits);
    Collections.shuffle(shuffled, new Random(seed));
    shuffled.forEach(each -> after.restore(List.of(each)));
    assertThat(reader.keys()).as("before all is told").isEmpty();
    long _ = after.restored();
  }

  private static ShardedTensor half(int rank, long plus) {
    return Parts.part(HALVES, rank, Parts.numbered(SHAPE, plus));
  }

  private void put(String key, long plus) {
    writer.put(key, half(0, plus));
    writer.put(key, half(1, plus));
  }

  private long[] read(String key) {
    return Parts.elements(reader.get(key));
  }

  @Test
  void theLastPutOfAKeyIsThereAgainInWhateverOrderItIsTold() {
    put("a", 0);
    put("a", 10);
    put("b", 20);
    put("a", 30);
    restore(1);
    assertThat(read("a")).containsExactly(30, 31, 32, 33);
    assertThat(read("b")).containsExactly(20, 21, 22, 23);
    put("a", 40);
    Deposit latest = deposits.getLast();
    assertThat(latest.number()).isGreaterThan(deposits.getFirst().number());
    Parts.put(reader, "a", HALVES, Parts.numbered(SHAPE, 50));
    assertThat(read("a")).containsExactly(50, 51, 52, 53);
  }

  @Test
  void aPutThatWasNotWholeIsNotVisibleAndMayBeCompleted() {
    put("a", 0);
    writer.put("a", half(1, 10));
    writer.put("b", half(0, 20));
    restore(2);
    assertThat(read("a")).containsExactly(0, 1, 2, 3);
    assertThat(reader.exists("b")).isFalse();
    assertThat(reader.missing()).hasSize(2);
    reader.put("a", half(0, 10));
    reader.put("b", half(1, 20));
    assertThat(read("a")).containsExactly(10, 11, 12, 13);
    assertThat(read("b")).containsExactly(20, 21, 22, 23);
  }

  @Test
  void aStateDictReplacesWhatWasThereBeforeAndNotWhatCameAfter() {
    writer.putStateDict("run", Map.of("old", Parts.numbered(SHAPE, 0), "w", 1L));
    writer.putStateDict("run", Map.of("w", 2L));
    writer.put("run.later", Parts.numbered(SHAPE, 5));
    restore(3);
    assertThat(reader.keys()).containsExactly("run", "run.later", "run.w");
    assertThat(reader.getStateDict("run")).isEqualTo(Map.of("w", 2L));
  }

  @Test
  void versionsAreWholeOrNotThereAndTheLatestIsKept() {
    for (int version = 1; version <= 2; version++) {
      for (int rank = 0; rank < 2; rank++) {
        writer.publish("policy", version, Map.of("w", half(rank, 10L * version)));
      }
    }
    writer.publish("policy", 3, Map.of("w", half(0, 30)));
    restore(4);
    assertThat(reader.versions("policy")).containsExactly(2L);
    assertThatThrownBy(() -> reader.version("policy", 3))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("present=[0] missing=[1]");
    reader.publish("policy", 3, Map.of("w", half(1, 30)));
    try (Snapshot snapshot = reader.version("policy", 3);
        Tensor read = snapshot.get("w")) {
      assertThat(Parts.elements(read)).containsExactly(30, 31, 32, 33);
    }
  }

  @Test
  void whatACatalogueHasAlreadyIsNotChanged() {
    put("a", 0);
    before.restore(deposits);
    long _ = before.restored();
    put("a", 10);
    before.restore(deposits.subList(0, 2));
    long _ = before.restored();
    try (Tensor read = new TensorStore(before).get("a")) {
      assertThat(Parts.elements(read)).containsExactly(10, 11, 12, 13);
    }
  }

  @Test
  void aPutOfWhichACopyOfEachRankIsLeftIsWhole() {
    TensorStore twice =
        new TensorStore(before)
            .placed((part, to) -> {
              keep(part.withCopy(new Contribution.Copy(0, 2)), to);
              keep(part.withCopy(new Contribution.Copy(1, 2)), to);
            });
    twice.put("a", half(0, 0));
    twice.put("a", half(1, 0));
    Deposit lost = deposits.remove(1);
    lost.part().close();
    restore(5);
    assertThat(read("a")).containsExactly(0, 1, 2, 3);
    assertThat(after.lost()).isEmpty();
    twice.close();
  }

  @Test
  void aPutIsVisibleWhenAllCopiesAreIn() {
    try (TensorStore packed = new TensorStore(before)) {
      List<Contribution> copies = new ArrayList<>();
      packed.placed((part, _) -> copies.add(part.share())).put("a", Parts.numbered(SHAPE, 7));
      Contribution part = copies.getFirst();
      Receipt first = before.put(part.withCopy(new Contribution.Copy(0, 2)));
      assertThat(packed.exists("a")).isFalse();
      assertThat(before.put(part.withCopy(new Contribution.Copy(0, 2)))).isEqualTo(first);
      assertThat(before.put(part.withCopy(new Contribution.Copy(1, 2)))).isEqualTo(first);
      assertThat(before.put(part.withCopy(new Contribution.Copy(1, 2)))).isEqualTo(first);
      assertThat(Parts.elements(packed.get("a"))).containsExactly(7, 8, 9, 10);
      assertThat(before.uses(List.of(part.id(), 5L)).lastHeld()).containsOnlyKeys(part.id());
      packed.delete("a");
      assertThat(before.uses(List.of(part.id())).lastHeld()).isEmpty();
      part.close();
    }
  }
}
