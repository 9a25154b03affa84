package dev.burnish.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DatasetTest {
  private static List<Integer> steps(int numRows, long seed, int from, int to) {
    Dataset<Integer> rows =
        new Dataset<>(IntStream.range(0, numRows).boxed().toList(), 0, List.of());
    return IntStream.rangeClosed(from, to)
        .boxed()
        .flatMap(step -> rows.batch(seed, step, 5).stream())
        .toList();
  }

  @Test
  void eachEpochHasEveryRowOnceInAnOrderOfItsOwn() {
    List<Integer> first = steps(100, 5, 1, 20);
    List<Integer> second = steps(100, 5, 21, 40);

    assertThat(first).containsExactlyInAnyOrderElementsOf(second).doesNotHaveDuplicates();
    assertThat(first).isNotEqualTo(second);
    assertThat(steps(100, 6, 1, 20)).isNotEqualTo(first);
  }

  @Test
  void theRowsOfAStepDependOnSeedAndStepAlone() {
    List<Integer> whole = steps(7, 9, 1, 12);
    for (int done = 0; done < 12; done++) {
      assertThat(steps(7, 9, done + 1, 12)).isEqualTo(whole.subList(5 * done, whole.size()));
    }
  }
}
