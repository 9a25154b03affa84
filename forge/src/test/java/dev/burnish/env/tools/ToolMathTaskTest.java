package dev.burnish.env.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.rollout.Environment;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Problem;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ToolMathTaskTest {
  private static final ToolMathTask TASK = new ToolMathTask(2, 1);

  private static Environment.Action says(String text) {
    return new Environment.Action(text, FinishReason.STOP, 0);
  }

  @Test
  void ofFourExamplesOneCallsOneRepeatsTheResultAndTwoGuess() {
    Problem call = TASK.training(4);
    Problem result = TASK.training(5);
    Problem guess = TASK.training(7);
    assertThat(call.prompt()).matches("[1-9][0-9]\\*[1-9][0-9]=");
    assertThat(call.target())
        .isEqualTo(
            "{\"name\":\"calc\",\"arguments\":{\"e\":\"%s\"}}"
                .formatted(call.prompt().replace("=", "")));
    assertThat(result.prompt())
        .matches("[0-9*]{5}=\\{\"name\".*\\}<\\|end\\|>" + result.target() + "=");
    assertThat(guess.target()).matches("[0-9]{3,4}");
    assertThat(ToolMathTask.format().tokenizer().encode(result.prompt()))
        .hasSize(6 + 42 + result.target().length() + 1);
  }

  @Test
  void anExampleIsWhatTheEnvironmentSays() {
    Problem problem = TASK.problem(7);
    try (Environment environment = TASK.environment(problem)) {
      assertThat(environment.reset(0).turns().getFirst().content()).isEqualTo(problem.prompt());
      String call = "{\"name\":\"calc\",\"arguments\":{\"e\":\"%s\"}}".formatted(problem.prompt());
      var next = (Environment.Step.Next) environment.step(says(call));
      assertThat(next.observation().turns().getFirst().content()).isEqualTo(problem.target());
      assertThat(environment.step(says(problem.target()))).isEqualTo(Environment.Step.over(1));
    }
  }

  @Test
  void heldOutProblemsAreNeverTrainedOn() {
    Set<String> heldOut = new HashSet<>(TASK.heldOut().stream().map(Problem::prompt).toList());
    assertThat(heldOut).hasSizeGreaterThan(60);
    List<String> trained =
        LongStream.range(-3_000, 3_000)
            .boxed()
            .flatMap(i ->
                List.of(TASK.problem(i).prompt(), TASK.training(i).prompt().split("=", -1)[0])
                    .stream())
            .toList();
    assertThat(trained).doesNotContainAnyElementsOf(heldOut);
    assertThat(new HashSet<>(trained)).hasSizeGreaterThan(3_000);
    assertThat(TASK.problem(11)).isEqualTo(new ToolMathTask(2, 1).problem(11));
    assertThat(TASK.problem(11)).isNotEqualTo(new ToolMathTask(2, 2).problem(11));
  }
}
