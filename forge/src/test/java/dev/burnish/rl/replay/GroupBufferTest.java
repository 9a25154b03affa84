package dev.burnish.rl.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class GroupBufferTest {
  private static Held<String> group(long position, long version) {
    return new Held<>(position, version, "group " + position);
  }

  private static List<Long> positions(Batch<String> batch) {
    return batch.positions();
  }

  private static GroupBuffer<String> buffer(BufferConfig config) {
    return new GroupBuffer<>(config);
  }

  private static BufferConfig uniform(int batch, int capacity, int staleness, int uses) {
    return new BufferConfig(batch, capacity, staleness, new Selection.Uniform(uses), 5);
  }

  @Test
  void batchesAreTheNextPositionsWhateverCameFirst() {
    for (int seed = 0; seed < 50; seed++) {
      GroupBuffer<String> buffer = buffer(BufferConfig.fifo(3, 1));
      List<Long> order = new ArrayList<>(LongStream.range(0, 6).boxed().toList());
      Collections.shuffle(order, new Random(seed));
      order.forEach(position -> buffer.add(group(position, 0)));
      assertThat(positions(buffer.take(0))).containsExactly(0L, 1L, 2L);
      assertThat(positions(buffer.take(1))).containsExactly(3L, 4L, 5L);
      assertThat(buffer.canTake(2)).isFalse();
    }
  }

  @Test
  void oneGroupThatIsMissingIsWaitedFor() {
    GroupBuffer<String> buffer = buffer(BufferConfig.fifo(2, 1));
    buffer.add(group(1, 0));
    buffer.add(group(2, 0));
    buffer.add(group(3, 0));
    assertThat(buffer.canTake(0)).isFalse();
    assertThatThrownBy(() -> buffer.take(0)).isInstanceOf(IllegalStateException.class);
    buffer.add(group(0, 0));
    assertThat(positions(buffer.take(0))).containsExactly(0L, 1L);
  }

  /// Upstream takes whatever comes until it is full, and then never the group that all wait for.
  @Test
  void groupsThatComeEarlyDoNotKeepOutTheOneThatAllWaitFor() {
    GroupBuffer<String> buffer = buffer(BufferConfig.fifo(2, 1));
    for (long position = 1; position < 4; position++) {
      buffer.add(group(position, 0));
    }
    assertThat(buffer.canAdd(4)).isFalse();
    assertThat(buffer.canAdd(0)).isTrue();
    assertThatThrownBy(() -> buffer.add(group(4, 0))).hasMessageContaining("buffer.capacity=4");
    buffer.add(group(0, 0));
    buffer.take(0);
    assertThat(buffer.canAdd(5)).isTrue();
    assertThat(buffer.canAdd(6)).isFalse();
  }

  @Test
  void aBatchHasFewerGroupsWhereSomeFailed() {
    GroupBuffer<String> buffer = buffer(BufferConfig.fifo(3, 0));
    buffer.add(group(0, 0));
    buffer.skip(1);
    buffer.add(group(2, 0));
    assertThat(positions(buffer.take(0))).containsExactly(0L, 2L);
    LongStream.range(3, 6).forEach(buffer::skip);
    assertThat(positions(buffer.take(1))).isEmpty();
    LongStream.range(6, 9).forEach(position -> buffer.add(group(position, 2)));
    assertThat(positions(buffer.take(2))).containsExactly(6L, 7L, 8L);
  }

  /// A position of the next step that was skipped early used to shift the batches after it.
  @Test
  void batchesBeginWhereTheyShouldWhateverWasSkippedEarly() {
    GroupBuffer<String> buffer = buffer(BufferConfig.fifo(2, 1));
    buffer.skip(2);
    LongStream.of(0, 1, 3).forEach(position -> buffer.add(group(position, 0)));
    assertThat(positions(buffer.take(0))).containsExactly(0L, 1L);
    assertThat(positions(buffer.take(1))).containsExactly(3L);
    LongStream.of(4, 5).forEach(position -> buffer.add(group(position, 1)));
    assertThat(positions(buffer.take(2))).containsExactly(4L, 5L);
  }

  @Test
  void groupsThatAreTooOldAfterAStepAreDroppedWhenItIsReleased() {
    GroupBuffer<String> buffer = buffer(uniform(1, 4, 0, 1));
    LongStream.of(0, 1).forEach(position -> buffer.add(group(position, 0)));
    long taken = positions(buffer.take(0)).getFirst();
    assertThat(buffer.find(taken)).isPresent();
    buffer.release(0);
    assertThat(buffer.find(0)).isEmpty();
    assertThat(buffer.find(1)).isEmpty();
    assertThat(buffer.numStale()).isEqualTo(1);
  }

  @Test
  void whatComesTwiceCountsOnceAlsoAfterItWasTaken() {
    GroupBuffer<String> buffer = buffer(BufferConfig.fifo(1, 1));
    buffer.add(group(0, 0));
    buffer.add(group(0, 0));
    assertThat(buffer.size()).isEqualTo(1);
    buffer.take(0);
    buffer.add(group(0, 0));
    buffer.skip(0);
    assertThat(buffer.size()).isZero();
    buffer.skip(1);
    buffer.add(group(1, 0));
    assertThat(positions(buffer.take(1))).isEmpty();
  }

  @Test
  void aBatchIsTheSameUntilItIsReleased() {
    GroupBuffer<String> buffer = buffer(BufferConfig.fifo(1, 3));
    LongStream.range(0, 3).forEach(position -> buffer.add(group(position, 0)));
    Batch<String> first = buffer.take(0);
    assertThat(buffer.take(0)).isSameAs(first);
    buffer.release(0);
    assertThat(positions(buffer.take(0))).containsExactly(1L);
  }

  @Test
  void aGroupThatIsTooOldIsAFaultWhereAdmissionBoundsIt() {
    GroupBuffer<String> buffer = buffer(BufferConfig.fifo(1, 1));
    buffer.add(group(0, 3));
    assertThatThrownBy(() -> buffer.take(5))
        .isInstanceOf(StaleGroupException.class)
        .hasMessageContaining("at most 1 versions older")
        .hasMessageContaining("position=0 version=3 trained=5");
    assertThat(positions(buffer.take(4))).containsExactly(0L);
  }

  @Test
  void aWindowLetsReadyGroupsPassASlowOneUpToItsEnd() {
    GroupBuffer<String> buffer =
        buffer(BufferConfig.fifo(2, 0).withSelection(new Selection.Windowed(4), 8));
    assertThat(BufferConfig.fifo(2, 0).withSelection(new Selection.Windowed(4), 8).bound())
        .isEqualTo(2);
    LongStream.of(1, 2, 3).forEach(position -> buffer.add(group(position, 0)));
    assertThat(positions(buffer.take(0))).containsExactly(1L, 2L);
    LongStream.of(4, 5).forEach(position -> buffer.add(group(position, 1)));
    assertThat(buffer.canTake(1)).as("the window is 0 to 3, of which 0 is missing").isFalse();
    buffer.add(group(0, 0));
    assertThat(positions(buffer.take(1))).containsExactly(0L, 3L);
    assertThat(positions(buffer.take(2))).containsExactly(4L, 5L);
  }

  /// A window that slid past the groups that were done let a slow one be passed for ever, and
  /// training failed when it came.
  @Test
  void noGroupOfAWindowIsOlderThanTheBoundHoweverSlowItIs() {
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      int batch = 1 + random.nextInt(4);
      int window = batch + random.nextInt(9);
      int lag = random.nextInt(3);
      BufferConfig config =
          BufferConfig.fifo(batch, lag).withSelection(new Selection.Windowed(window), 100);
      GroupBuffer<String> buffer = buffer(config);
      List<Held<String>> underWay = new ArrayList<>();
      long admitted = 0;
      long ended = 0;
      for (long version = 0; version < 40; version++) {
        while (!buffer.canTake(version)) {
          while (admitted - ended < (long) batch * (lag + 1)) {
            underWay.add(group(admitted++, version));
          }
          int first = underWay.getFirst().position() == 0 && random.nextInt(50) > 0 ? 1 : 0;
          int index = underWay.size() > first ? first + random.nextInt(underWay.size() - first) : 0;
          Held<String> next = underWay.remove(index);
          if (random.nextInt(8) == 0) {
            buffer.skip(next.position());
            ended++;
          } else {
            buffer.add(next);
          }
        }
        ended += buffer.take(version).held().size();
        buffer.release(version);
      }
    }
  }

  @Test
  void aWindowEndsBeforeWhatIsTooFarAhead() {
    GroupBuffer<String> buffer =
        buffer(BufferConfig.fifo(2, 0).withSelection(new Selection.Windowed(2), 8));
    LongStream.of(1, 2, 3).forEach(position -> buffer.add(group(position, 0)));
    assertThat(buffer.canTake(0)).isFalse();
    buffer.skip(0);
    assertThat(positions(buffer.take(0))).containsExactly(1L, 2L);
  }

  @Test
  void drawnGroupsMayComeAgainUntilTheyAreUsedUpOrStale() {
    GroupBuffer<String> buffer = buffer(uniform(2, 10, 1, 1));
    buffer.add(group(0, 0));
    buffer.add(group(1, 1));
    assertThat(positions(buffer.take(1))).containsExactlyInAnyOrder(0L, 1L);
    buffer.add(group(2, 0));
    assertThat(buffer.canTake(2)).as("two are used up, one is left").isFalse();
    buffer.add(group(3, 2));
    buffer.add(group(4, 2));
    assertThat(positions(buffer.take(2))).containsExactlyInAnyOrder(3L, 4L);
    assertThat(buffer.numStale()).isEqualTo(1);
    assertThat(buffer.size()).isZero();
  }

  @Test
  void capacityHoldsAlsoAfterGroupsWereDropped() {
    GroupBuffer<String> buffer = buffer(uniform(2, 4, 1, Integer.MAX_VALUE));
    for (long position = 0; position < 14; position++) {
      buffer.add(group(position, position / 4));
      if (buffer.canTake(position / 4)) {
        buffer.take(position / 4);
      }
      assertThat(buffer.size()).isLessThanOrEqualTo(4);
    }
    assertThat(buffer.numStale() + buffer.numDisplaced()).isEqualTo(10);
  }

  @Test
  void everyGroupHasTheSameChanceOfADraw() {
    Map<Long, Integer> counts = new HashMap<>();
    GroupBuffer<String> buffer = buffer(uniform(3, 10, 100_000, Integer.MAX_VALUE));
    LongStream.range(0, 10).forEach(position -> buffer.add(group(position, 0)));
    for (long version = 0; version < 10_000; version++) {
      Batch<String> batch = buffer.take(version);
      assertThat(positions(batch)).doesNotHaveDuplicates();
      assertThat(batch.weights()).containsOnly(1.0);
      positions(batch).forEach(position -> counts.merge(position, 1, Integer::sum));
      buffer.release(version);
    }
    assertThat(counts.values()).allSatisfy(count -> assertThat(count).isBetween(2800, 3200));
  }

  @Test
  void prioritiesGiveChancesAndWeightsThatCorrectForThem() {
    BufferConfig config =
        new BufferConfig(1, 4, 100_000, new Selection.Prioritised(1, 1, Integer.MAX_VALUE), 11);
    GroupBuffer<String> buffer = buffer(config);
    LongStream.range(0, 4).forEach(position -> buffer.add(group(position, 0)));
    LongStream.range(0, 4).forEach(position -> buffer.prioritise(position, position + 1.0));
    double[] count = new double[4];
    for (long version = 0; version < 20_000; version++) {
      count[(int) (long) positions(buffer.take(version)).getFirst()]++;
      buffer.release(version);
    }
    IntStream.range(0, 4)
        .forEach(i -> assertThat(count[i] / 20_000).isCloseTo((i + 1) / 10.0, within(0.015)));

    GroupBuffer<String> whole =
        buffer(new BufferConfig(2, 2, 9, new Selection.Prioritised(1, 1, 9), 11));
    LongStream.range(0, 2).forEach(position -> whole.add(group(position, 0)));
    whole.prioritise(0, 1);
    whole.prioritise(1, 3);
    Batch<String> batch = whole.take(0);
    int rare = positions(batch).indexOf(0L);
    assertThat(batch.weights().get(rare)).isEqualTo(1);
    assertThat(batch.weights().get(1 - rare)).isCloseTo(1 / 3.0, within(1e-12));
    assertThatThrownBy(() -> whole.prioritise(0, Double.NaN)).hasMessageContaining("priority=NaN");
  }

  @Test
  void aResumedBufferGoesOnWithTheSameBatches() {
    List<BufferConfig> configs =
        List.of(
            BufferConfig.fifo(2, 3),
            BufferConfig.fifo(2, 3).withSelection(new Selection.Windowed(3), 8),
            uniform(2, 6, 3, 2),
            new BufferConfig(2, 6, 3, new Selection.Prioritised(0.6, 0.4, 3), 5));
    for (BufferConfig config : configs) {
      GroupBuffer<String> straight = buffer(config);
      GroupBuffer<String> resumed = buffer(config);
      for (long version = 0; version < 30; version++) {
        for (GroupBuffer<String> each : List.of(straight, resumed)) {
          each.add(group(2 * version + 1, version));
          each.add(group(2 * version, version));
          each.prioritise(2 * version, version + 1.0);
        }
        assertThat(resumed.take(version)).isEqualTo(straight.take(version));
        resumed = new GroupBuffer<>(config, resumed.snapshot());
        assertThat(resumed.take(version)).isEqualTo(straight.take(version));
        straight.release(version);
        resumed.release(version);
        assertThat(resumed.snapshot()).isEqualTo(straight.snapshot());
      }
    }
  }

  @Test
  void aConfigurationThatCouldNotGiveABatchIsRefused() {
    assertThatThrownBy(() -> new BufferConfig(4, 3, 0, new Selection.Fifo(), 0))
        .hasMessageContaining("buffer.capacity=3")
        .hasMessageContaining("buffer.batch=4");
    assertThatThrownBy(() -> BufferConfig.fifo(0, 0)).hasMessageContaining("buffer.batch=0");
    assertThatThrownBy(() -> BufferConfig.fifo(1, -1)).hasMessageContaining("maxStaleness=-1");
    assertThatThrownBy(() -> BufferConfig.fifo(4, 0).withSelection(new Selection.Windowed(3), 9))
        .hasMessageContaining("buffer.window=3");
    assertThatThrownBy(() -> new Selection.Uniform(0)).hasMessageContaining("buffer.uses=0");
    assertThatThrownBy(() -> new Selection.Prioritised(-1, 0, 1)).hasMessageContaining("alpha=-1");
  }
}
