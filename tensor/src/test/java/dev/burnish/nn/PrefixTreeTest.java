package dev.burnish.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrefixTreeTest {
  private static int[] sequence(PrefixTree.Placed placed, int index) {
    int[] tokens = placed.forest().tokens();
    return IntStream.of(placed.rows(index)).map(row -> tokens[row]).toArray();
  }

  @Test
  void mergesCommonBeginnings() {
    PrefixTree tree = new PrefixTree();
    tree.add(1, 2, 3, 4);
    tree.add(1, 2, 5);
    tree.add(1, 2, 3, 6);
    tree.add(7);
    PrefixTree.Placed placed = tree.place();
    assertThat(placed.forest().tokens()).containsExactly(1, 2, 3, 4, 6, 5, 7);
    assertThat(placed.forest().positions()).containsExactly(0, 1, 2, 3, 3, 2, 0);
    assertThat(placed.forest().numNodes()).isEqualTo(6);
    assertThat(placed.rows(2)).containsExactly(0, 1, 2, 4);
  }

  @Test
  void endsANodeWhereASequenceEnds() {
    PrefixTree tree = new PrefixTree();
    int whole = tree.add(1, 2, 3);
    int beginning = tree.add(1, 2);
    int again = tree.add(1, 2, 3);
    PrefixTree.Placed placed = tree.place();
    assertThat(placed.forest().numTokens()).isEqualTo(3);
    assertThat(placed.rows(beginning)).containsExactly(0, 1);
    assertThat(placed.ends()[whole])
        .isEqualTo(placed.ends()[again])
        .isNotEqualTo(placed.ends()[beginning]);
  }

  @Test
  void keepsEverySequenceAndSharesEveryPrefix() {
    SplittableRandom random = new SplittableRandom(11);
    for (int trial = 0; trial < 200; trial++) {
      PrefixTree tree = new PrefixTree();
      List<int[]> added = new ArrayList<>();
      Set<List<Integer>> prefixes = new HashSet<>();
      for (int i = 0; i < 1 + random.nextInt(20); i++) {
        int[] tokens = random.ints(1 + random.nextInt(8), 0, 3).toArray();
        tree.add(tokens);
        added.add(tokens);
        for (int end = 1; end <= tokens.length; end++) {
          prefixes.add(IntStream.of(tokens).limit(end).boxed().toList());
        }
      }
      PrefixTree.Placed placed = tree.place();
      assertThat(placed.forest().numTokens()).isEqualTo(prefixes.size());
      for (int i = 0; i < added.size(); i++) {
        assertThat(sequence(placed, i))
            .as("trial %d sequence %d", trial, i)
            .isEqualTo(added.get(i));
      }
    }
  }

  @Test
  void refusesAnEmptySequence() {
    assertThatThrownBy(() -> new PrefixTree().add())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one token");
  }
}
