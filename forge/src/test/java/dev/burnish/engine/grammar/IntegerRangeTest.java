package dev.burnish.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IntegerRangeTest {
  private static GrammarState start(long from, long to) {
    return new Grammar(
            new Automaton(IntegerRange.of(from, to), Map.of()), TokenTrie.of(Walks.ASCII))
        .start();
  }

  @Test
  void holdsTheIntegersOfTheRangeAndNoOthers() {
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      int from = random.nextInt(2400) - 1200;
      int to = from + random.nextInt(1 << (1 + random.nextInt(10)));
      GrammarState start = start(from, to);
      for (int i = -1300; i < 2500; i++) {
        assertThat(Walks.accepts(start, Integer.toString(i)))
            .as("%d of [%d, %d]", i, from, to)
            .isEqualTo(from <= i && i <= to);
      }
      for (String other : new String[] {"", "-", "-0", "01", "+1", "1.0"}) {
        assertThat(Walks.accepts(start, other)).as(other).isFalse();
      }
    }
  }

  @Test
  void reachesItsLargestNumbers() {
    GrammarState start = start(-IntegerRange.MOST, IntegerRange.MOST);
    assertThat(Walks.accepts(start, "-9999999999999999")).isTrue();
    assertThat(Walks.accepts(start, "9999999999999999")).isTrue();
    assertThat(Walks.accepts(start, "10000000000000000")).isFalse();
  }
}
