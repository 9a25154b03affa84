package dev.burnish.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BlockManagerTest {
  private static int token(int seed, int position) {
    return seed * 1_000 + position;
  }

  /// A table whose keys are computed by a version, as a step would do.
  private static BlockTable computed(BlockManager manager, int seed, int length, long version) {
    BlockTable table = new BlockTable(manager);
    compute(table, seed, length, version);
    return table;
  }

  private static void compute(BlockTable table, int seed, int length, long version) {
    table.begin(version, position -> token(seed, position), length);
    table.extend(length, _ -> {});
    table.register(length, version, position -> token(seed, position));
    table.compute(length);
  }

  @Test
  void blocksOfASequenceAreAdjacentWhileOthersGrowToo() {
    assertFillsWithoutGaps(new BlockManager(64));
  }

  private static void assertFillsWithoutGaps(BlockManager manager) {
    List<BlockTable> tables = IntStream.range(0, 4).mapToObj(_ -> new BlockTable(manager)).toList();
    for (int length = 1; length <= 256; length++) {
      for (BlockTable table : tables) {
        table.extend(length, _ -> {});
        table.compute(length);
      }
    }
    for (BlockTable table : tables) {
      assertThat(table.spans(250).lengths()).containsExactly(250);
    }
    assertThat(manager.numAvailable()).isZero();
  }

  @Test
  void everyBlockIsHandedOutOnceEvenWhereNoneAreAdjacent() {
    BlockManager manager = new BlockManager(37);
    Set<Integer> blocks = new HashSet<>();
    IntStream.range(0, 37).forEach(_ -> blocks.add(manager.allocate()));
    assertThat(blocks).hasSize(37);
    assertThatThrownBy(manager::allocate)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("blocks=37");
  }

  @Test
  void aBeginningIsFoundByWhatHasTheSameTokensAndVersion() {
    BlockManager manager = new BlockManager(64);
    BlockTable first = computed(manager, 1, 40, 7);
    assertThat(computed(manager, 1, 40, 7).spans(32).starts()).isEqualTo(first.spans(32).starts());
    BlockTable same = new BlockTable(manager);
    same.begin(7, position -> token(1, position), 40);
    assertThat(same.computed()).isEqualTo(32);
    BlockTable whole = new BlockTable(manager);
    whole.begin(7, position -> token(1, position), 32);
    assertThat(whole.computed()).as("the last token is computed for its logits").isEqualTo(16);
    BlockTable other = new BlockTable(manager);
    other.begin(7, position -> position == 20 ? 3 : token(1, position), 40);
    assertThat(other.computed()).isEqualTo(16);
    BlockTable newer = new BlockTable(manager);
    newer.begin(8, position -> token(1, position), 40);
    assertThat(newer.computed()).isZero();
  }

  /// Some of which begin alike; those that run at the same time fill the cache, and versions
  /// change.
  @Test
  void nothingLeaksOrFragmentsOverAMillionRequests() {
    BlockManager manager = new BlockManager(64);
    Random random = new Random(3);
    List<BlockTable> running = new ArrayList<>();
    long found = 0;
    for (int request = 0; request < 1_000_000; request++) {
      long version = request / 10_000;
      manager.computeBy(version);
      int seed = random.nextInt(4) == 0 ? request : random.nextInt(5) - 5;
      int length = 1 + random.nextInt(60);
      BlockTable table = new BlockTable(manager);
      table.begin(version, position -> token(seed, position), length);
      found += table.computed();
      while (!manager.canAllocate(table.missing(length))) {
        running.remove(random.nextInt(running.size())).release();
      }
      table.extend(length, _ -> {});
      table.register(length, version, position -> token(seed, position));
      table.compute(length);
      running.add(table);
    }
    assertThat(found).isGreaterThan(1_000_000);
    running.forEach(BlockTable::release);
    assertThat(manager.numAvailable()).isEqualTo(64);
    manager.computeBy(100);
    assertThat(manager.numReusable()).isZero();
    assertFillsWithoutGaps(manager);
  }

  @Test
  void blocksAreCountedForAnyNumberOfTokens() {
    assertThat(BlockManager.forTokens(0)).isZero();
    assertThat(BlockManager.forTokens(16)).isEqualTo(1);
    assertThat(BlockManager.forTokens(17)).isEqualTo(2);
    assertThat(BlockManager.forTokens(Integer.MAX_VALUE)).isEqualTo(1 << 27);
  }

  @Test
  void blocksOfOtherWeightsThatNobodyHoldsAreFreeAtAChange() {
    BlockManager manager = new BlockManager(64);
    manager.computeBy(7);
    BlockTable held = computed(manager, 1, 40, 7);
    computed(manager, 2, 64, 7).release();
    assertThat(manager.numReusable()).isEqualTo(4);
    manager.computeBy(7);
    assertThat(manager.numReusable()).as("of the same weights").isEqualTo(4);
    manager.computeBy(8);
    assertThat(manager.numReusable()).isZero();
    assertThat(manager.numAvailable()).isEqualTo(64 - 3);
    assertThat(held.spans(40).lengths()).containsExactly(40);
    held.release();
    manager.computeBy(9);
    assertThat(manager.numAvailable()).isEqualTo(64);
    assertThat(manager.numReusable()).isZero();
  }

  @Test
  void keysThatWereComputedAfterAChangeOfWeightsAreNotFound() {
    BlockManager manager = new BlockManager(64);
    BlockTable table = computed(manager, 1, 20, 7);
    table.extend(64, _ -> {});
    table.register(64, 8, position -> token(1, position));
    table.compute(64);
    table.register(64, 7, position -> token(1, position));
    BlockTable same = new BlockTable(manager);
    same.begin(7, position -> token(1, position), 64);
    assertThat(same.computed()).isEqualTo(16);
  }

  @Test
  void theLastBlockOfAPromptIsCopiedByEachSampleButOne() {
    BlockManager manager = new BlockManager(64);
    BlockTable first = computed(manager, 1, 21, 0);
    BlockTable second = new BlockTable(manager);
    BlockTable third = new BlockTable(manager);
    second.fork(first, 21);
    third.fork(first, 21);
    List<BlockTable.Copy> copies = new ArrayList<>();
    for (BlockTable table : List.of(first, second, third)) {
      assertThat(table.missing(22)).isEqualTo(table == third ? 0 : 1);
      table.extend(22, copies::add);
    }
    assertThat(copies).hasSize(2).allSatisfy(copy -> assertThat(copy.count()).isEqualTo(5));
    assertThat(List.of(first.slot(21), second.slot(21), third.slot(21))).doesNotHaveDuplicates();
    assertThat(List.of(second.slot(15), third.slot(15))).containsOnly(first.slot(15));
    List.of(first, second, third).forEach(BlockTable::release);
    assertThat(manager.numAvailable()).isEqualTo(64);
  }

  @Test
  void aRunOfSlotsEndsWhereSequencesPart() {
    BlockManager manager = new BlockManager(64);
    BlockTable first = computed(manager, 1, 32, 0);
    BlockTable second = new BlockTable(manager);
    second.fork(first, 32);
    first.extend(40, _ -> {});
    assertThat(first.spans(40).lengths()).containsExactly(32, 8);
    second.release();
    assertThat(first.spans(40).lengths()).containsExactly(40);
  }

  @Test
  void whatWasUsedLastIsGivenUpLastAndTheEndOfASequenceBeforeItsBeginning() {
    BlockManager manager = new BlockManager(34);
    BlockTable held = computed(manager, 9, 250, 0);
    computed(manager, 1, 48, 0).release();
    BlockTable alsoHeld = computed(manager, 8, 192, 0);
    computed(manager, 2, 48, 0).release();
    BlockTable again = new BlockTable(manager);
    again.begin(0, position -> token(1, position), 48);
    assertThat(again.computed()).isEqualTo(32);
    again.release();
    BlockTable third = computed(manager, 3, 64, 0);
    BlockTable second = new BlockTable(manager);
    second.begin(0, position -> token(2, position), 48);
    assertThat(second.computed()).as("of the second, unused for longest").isZero();
    BlockTable first = new BlockTable(manager);
    first.begin(0, position -> token(1, position), 48);
    assertThat(first.computed()).isEqualTo(32);
    List.of(first, third, held, alsoHeld).forEach(BlockTable::release);
    assertThat(manager.numAvailable()).isEqualTo(34);
  }

  @Test
  void aBlockIsReleasedOnce() {
    BlockManager manager = new BlockManager(4);
    int block = manager.allocate();
    manager.release(block);
    assertThatThrownBy(() -> manager.release(block))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("block=" + block);
  }

  /// Requests of all lengths come, share beginnings, fork, grow, lose their keys and go.
  @Test
  void noBlockIsLostOverAMillionRequests() {
    BlockManager manager = new BlockManager(4_096);
    Random random = new Random(1);
    List<BlockTable> live = new ArrayList<>();
    for (int request = 0; request < 1_000_000; request++) {
      int length = 1 + (random.nextInt(20) == 0 ? random.nextInt(600) : random.nextInt(60));
      while (live.size() > 48 || manager.numAvailable() < BlockManager.forTokens(length) + 1) {
        live.remove(random.nextInt(live.size())).release();
      }
      BlockTable table = computed(manager, random.nextInt(200), length, random.nextInt(3));
      live.add(table);
      if (random.nextInt(4) == 0) {
        BlockTable sample = new BlockTable(manager);
        sample.fork(table, length);
        live.add(sample);
      }
    }
    live.forEach(BlockTable::release);
    assertThat(manager.numAvailable()).isEqualTo(4_096);
    Set<Integer> all = new HashSet<>();
    IntStream.range(0, 4_096).forEach(_ -> all.add(manager.allocate()));
    assertThat(all).hasSize(4_096);
    assertThat(manager.numReusable()).isZero();
  }
}
