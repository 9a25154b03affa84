package dev.burnish.env.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Environment.Action;
import dev.burnish.rollout.Environment.Step;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Problem;
import dev.burnish.sandbox.Ending;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PrintNumberTaskTest {
  private final List<String> run = new ArrayList<>();

  private Execution execute(Program program, Limits limits) {
    run.add(program.code());
    return new Execution(value(program.code()) + "\n", "", new Ending.Exited(0), 0, 0, 0);
  }

  /// The number that `print(a*b+c)` prints.
  private static int value(String code) {
    String[] numbers = code.substring("print(".length(), code.length() - 1).split("[*+]", -1);
    return Integer.parseInt(numbers[0]) * Integer.parseInt(numbers[1])
        + Integer.parseInt(numbers[2]);
  }

  private static Action said(String text, int turn) {
    return new Action(text, FinishReason.STOP, turn);
  }

  @Test
  void aWrongProgramIsShownItsOutputAndMayBeWrittenAgain() {
    PrintNumberTask task = new PrintNumberTask(this::execute, 3, 1);
    Problem twentyFour = new Problem("24", "24", 0);
    try (Environment environment = task.environment(twentyFour)) {
      assertThat(environment.reset(9)).isEqualTo(Environment.Observation.user("24"));
      assertThat(environment.step(said("print(3*7+1)", 0)))
          .isEqualTo(Step.next(Environment.Observation.user("!22")));
      assertThat(environment.step(said("print(24)", 1)))
          .isEqualTo(Step.next(Environment.Observation.user("!E")));
      assertThat(environment.step(said("print(3*8+0)", 2))).isEqualTo(Step.over(1));
    }
    // What is not of the grammar is never run.
    assertThat(run).containsExactly("print(3*7+1)", "print(3*8+0)");
  }

  @Test
  void theLastAttemptEndsIt() {
    PrintNumberTask task = new PrintNumberTask(this::execute, 1, 1);
    try (Environment environment = task.environment(new Problem("24", "24", 0))) {
      assertThat(environment.step(said("print(3*7+1)", 0))).isEqualTo(Step.over(0));
    }
  }

  @Test
  void programsToImitatePrintTheirNumber() {
    PrintNumberTask task = new PrintNumberTask(this::execute, 2, 1);
    for (long index = -50; index < 50; index++) {
      Problem problem = task.training(index);
      assertThat(task.reward().evaluate(problem.prompt(), problem.target(), "")).isEqualTo(1);
      assertThat(problem.prompt().contains("!")).isEqualTo(Math.floorMod(index, 2) == 1);
    }
  }

  @Test
  void numbersThatAreHeldOutAreNeverTrainedOn() {
    PrintNumberTask task = new PrintNumberTask(this::execute, 2, 1);
    Set<String> heldOut = new HashSet<>();
    task.heldOut().forEach(problem -> heldOut.add(problem.target()));
    assertThat(heldOut).hasSizeBetween(4, 20);
    for (long index = 0; index < 500; index++) {
      assertThat(heldOut).doesNotContain(task.conversation(index).prompt());
    }
  }

  @Test
  void aSandboxThatIsLostIsNoReward() {
    SandboxedCoder lost =
        (_, _) -> new Execution("", "", new Ending.Lost("its host went away"), 0, 0, 0);
    PrintNumberTask task = new PrintNumberTask(lost, 2, 1);
    assertThatThrownBy(() -> task.reward().evaluate("24=", "print(3*8+0)", ""))
        .isInstanceOf(SandboxLost.class);
    assertThatThrownBy(() -> new PrintNumberTask(lost, 0, 1)).hasMessageContaining("attempts=0");
  }
}
