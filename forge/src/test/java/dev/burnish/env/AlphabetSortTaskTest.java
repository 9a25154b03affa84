package dev.burnish.env;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Environment.Action;
import dev.burnish.rollout.Environment.Step;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Problem;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class AlphabetSortTaskTest {
  private static final AlphabetSortTask TASK = new AlphabetSortTask(3, 2, 1);

  private static String letters(String text) {
    char[] sorted = text.replace(" ", "").toCharArray();
    Arrays.sort(sorted);
    return new String(sorted);
  }

  private static Action said(String text, int turn) {
    return new Action(text, FinishReason.STOP, turn);
  }

  @Test
  void rightAnswersAreWorthOneTogether() {
    Problem conversation = TASK.conversation(5);
    assertThat(conversation).isEqualTo(TASK.conversation(5));
    assertThat(conversation.target()).isEqualTo(letters(conversation.prompt())).hasSize(6);
    List<String> added = List.of(conversation.prompt().split(" "));
    try (Environment environment = TASK.environment(conversation)) {
      assertThat(environment.reset(1).turns().getFirst().content()).isEqualTo(added.getFirst());
      double sum = 0;
      String so = "";
      for (int turn = 0; turn < 3; turn++) {
        so += added.get(turn);
        Step step = environment.step(said(letters(so), turn));
        sum += step.reward();
        if (step instanceof Step.Next(Environment.Observation next, double _)) {
          assertThat(next.turns().getFirst().content()).isEqualTo(added.get(turn + 1));
        } else {
          assertThat(turn).isEqualTo(2);
        }
      }
      assertThat(sum).isEqualTo(1);
    }
  }

  @Test
  void wrongAnswersAreWorthLessTheLessTheyAreAlike() {
    Problem conversation = TASK.conversation(5);
    String right = letters(conversation.prompt().substring(0, 2));
    try (Environment environment = TASK.environment(conversation)) {
      environment.reset(1);
      double alike = environment.step(said(right.substring(0, 1), 0)).reward();
      double none = environment.step(said("=", 0)).reward();
      assertThat(alike).isBetween(0.01, 0.3);
      assertThat(none).isZero();
    }
  }

  @Test
  void lettersThatAreHeldOutAreNeverTrainedOn() {
    Set<String> heldOut = new HashSet<>();
    for (Problem problem : TASK.heldOut()) {
      heldOut.add(problem.prompt().replaceAll("=[^=]*<\\|end\\|>|=", " ").strip());
    }
    assertThat(heldOut).hasSizeGreaterThan(150).allMatch(letters -> letters.length() == 8);
    assertThat(LongStream.range(0, 5_000).mapToObj(i -> TASK.conversation(i).prompt()))
        .noneMatch(heldOut::contains);
  }

  @Test
  void anAnswerToImitateFollowsRightAnswers() {
    for (long index = -30; index < 30; index++) {
      Problem problem = TASK.training(index);
      String prompt = problem.prompt().substring(0, problem.prompt().length() - 1);
      String[] turns = prompt.split("=|<\\|end\\|>", -1);
      for (int i = 0; i + 1 < turns.length; i += 2) {
        String asked = i == 0 ? turns[0] : turns[i - 1] + turns[i];
        assertThat(turns[i + 1]).isEqualTo(letters(asked));
      }
      String last = turns.length == 1 ? "" : turns[turns.length - 2];
      assertThat(problem.target()).isEqualTo(letters(last + turns[turns.length - 1]));
    }
  }

  @Test
  void moreLettersThanThereAreAreRefused() {
    assertThatThrownBy(() -> new AlphabetSortTask(6, 2, 1))
        .hasMessageContaining("turns=6 letters=2 of 12");
  }
}
