package dev.burnish.env;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.data.KeyedPermutation;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Task;
import dev.burnish.tensor.KeyedRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TasksTest {
  static Stream<Task> tasks() {
    return Stream.of(
        new SumDigitsTask(3, 200, 7),
        new SumDigitsTask(2, 89, 7),
        new DigitCompletion(6, 3, 5, 40, 7),
        new ReverseText(6, 50, 7));
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void noHeldOutPromptIsEverTrainedOn(Task task) {
    Set<String> heldOut = task.heldOut().stream().map(Problem::prompt).collect(Collectors.toSet());

    assertThat(LongStream.range(0, 20_000).mapToObj(i -> task.training(i).prompt()))
        .doesNotContainAnyElementsOf(heldOut);
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void aDrawDependsOnItsIndexAlone(Task task) {
    List<Problem> upwards = LongStream.range(0, 50).mapToObj(task::training).toList();
    List<Problem> downwards =
        LongStream.range(0, 50).mapToObj(i -> task.training(49 - i)).toList().reversed();

    assertThat(upwards).isEqualTo(downwards);
    assertThat(upwards.stream().map(Problem::prompt).distinct().count()).isGreaterThan(0);
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void theTargetIsWorthOneAndRubbishLess(Task task) {
    for (Problem sample : task.heldOut()) {
      assertThat(task.reward().evaluate(sample.prompt(), sample.target(), sample.target()))
          .isEqualTo(1);
      assertThat(task.reward().evaluate(sample.prompt(), "?", sample.target())).isLessThan(0.5);
    }
  }

  @Test
  void sumDigitsAsksForTheSumOfEveryNumberOfItsLength() {
    var task = new SumDigitsTask(2, 10, 3);
    Set<String> asked = new HashSet<>();
    for (long i = 0; i < 5_000; i++) {
      Problem sample = task.training(i);
      int number = Integer.parseInt(sample.prompt().replaceAll("\\D", ""));
      assertThat(sample.prompt()).isEqualTo("What is the sum of the digits of " + number + "?");
      assertThat(sample.target()).isEqualTo(Integer.toString(number / 10 + number % 10));
      asked.add(sample.prompt());
    }
    assertThat(asked).hasSize(80);
  }

  @Test
  void anotherSeedHoldsOutOtherNumbers() {
    assertThat(new SumDigitsTask(4, 100, 1).heldOut())
        .isNotEqualTo(new SumDigitsTask(4, 100, 2).heldOut());
    assertThat(new SumDigitsTask(1, 3, 1).heldOut()).hasSize(3);
    assertThatThrownBy(() -> new SumDigitsTask(2, 90, 1))
        .hasMessageContaining("numHeldOut=90 numbers=90");
    assertThatThrownBy(() -> new SumDigitsTask(0, 1, 1)).hasMessageContaining("digits=0");
  }

  @Test
  void digitCompletionGoesOnAndPaysForEachRightCharacter() {
    Problem sample =
        LongStream.range(0, 10_000)
            .mapToObj(new DigitCompletion(6, 3, 5, 0, 7)::training)
            .filter(s -> s.prompt().equals("1,2:6,5"))
            .findFirst()
            .orElseThrow();
    var reward = new DigitCompletion(6, 3, 5, 0, 7).reward();

    assertThat(sample.target()).isEqualTo("3,4,5,0,1");
    assertThat(reward.evaluate("", "3,4", sample.target())).isCloseTo(0.3, within(1e-15));
    assertThat(reward.evaluate("", "3,4,5,0,1,2", sample.target())).isCloseTo(0.9, within(1e-15));
  }

  @Test
  void reverseTextReadsBetweenTags() {
    var reward = new ReverseText(3, 1, 1).reward();

    assertThat(reward.evaluate("ab", "well <reversed_text> ba </reversed_text>", "ba"))
        .isEqualTo(1);
  }

  @Test
  void aPermutationTakesEachPositionOnce() {
    for (long size : new long[] {1, 2, 3, 5, 64, 1000, 4097}) {
      var permutation = new KeyedPermutation(size, 42);
      assertThat(LongStream.range(0, size).map(permutation::apply).distinct().count())
          .as("size %d", size)
          .isEqualTo(size);
    }
    assertThat(
            IntStream.range(0, 50).map(i -> (int) new KeyedPermutation(50, 1).apply(i)).toArray())
        .isNotEqualTo(IntStream.range(0, 50).toArray());
  }

  @Test
  void keysThatDifferInAnyPartGiveOtherBits() {
    Set<Long> bits = new HashSet<>();
    for (long seed = 0; seed < 20; seed++) {
      for (String purpose : List.of("a", "b", "ab", "ba", "")) {
        for (long index = 0; index < 20; index++) {
          bits.add(KeyedRandom.bits(seed, purpose, index));
        }
      }
    }
    assertThat(bits).hasSize(20 * 5 * 20);
    assertThat(KeyedRandom.of(1, "x", 2).nextLong())
        .isEqualTo(KeyedRandom.of(1, "x", 2).nextLong());
  }
}
