package dev.burnish.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EpochOrderTest {
  @Test
  void eachEpochHasEveryRowOnceInAnOrderOfItsOwn() {
    var order = EpochOrder.shuffled(100, 5);
    List<Integer> first = take(order, 100);
    List<Integer> second = take(order, 100);

    assertThat(first).containsExactlyInAnyOrderElementsOf(second).doesNotHaveDuplicates();
    assertThat(first).isNotEqualTo(second);
    assertThat(take(EpochOrder.shuffled(100, 6), 100)).isNotEqualTo(first);
    assertThat(take(EpochOrder.sequential(3), 5)).containsExactly(0, 1, 2, 0, 1);
  }

  @Test
  void aResumedOrderGoesOnExactlyWhereItWas() {
    for (int read = 0; read < 25; read++) {
      var whole = EpochOrder.shuffled(7, 9);
      take(whole, read);
      var resumed = EpochOrder.shuffled(7, 9);
      resumed.resume(whole.position());

      assertThat(take(resumed, 20)).as("after %d rows", read).isEqualTo(take(whole, 20));
    }
  }

  @Test
  void aPositionOfOtherDataIsRefused() {
    var order = EpochOrder.shuffled(7, 9);

    assertThatThrownBy(() -> order.resume(EpochOrder.shuffled(8, 9).position()))
        .hasMessageContaining("saved numRows=8 seed=9, now numRows=7 seed=9");
    assertThatThrownBy(() -> new EpochOrder.Position(0, 7, 7, 1)).hasMessageContaining("index=7");
  }

  private static List<Integer> take(EpochOrder order, int count) {
    return IntStream.range(0, count).mapToObj(_ -> order.next()).toList();
  }
}
