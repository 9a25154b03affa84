package dev.burnish.env.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.env.code.UnitTestReward.Credit;
import dev.burnish.sandbox.Ending;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Language;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/// Rewards by tests, with coders that answer without running anything.
class UnitTestRewardTest {
  private static final String TWO =
      """
      {"language": "python", "tests": [
        {"stdin": "1 2\\n", "stdout": "3\\n"}, {"stdin": "2 2\\n", "stdout": "4\\n"}]}
      """;

  private static Execution ended(String stdout, Ending ending) {
    return new Execution(stdout, "", ending, 0.1, 0.1, 1);
  }

  private static Execution printed(String stdout) {
    return ended(stdout, new Ending.Exited(0));
  }

  private static double reward(SandboxedCoder coder, Credit credit, String completion) {
    return new UnitTestReward(coder, Limits.defaults(), credit).evaluate("", completion, TWO);
  }

  @Test
  void givesTheShareOfPassedTestsOrAllOrNothing() {
    SandboxedCoder three = (_, _) -> printed("3  \n\n");
    assertThat(reward(three, Credit.SHARE, "print(3)")).isEqualTo(0.5);
    assertThat(reward(three, Credit.ALL, "print(3)")).isZero();
    SandboxedCoder right = (program, _) -> printed(program.stdin().startsWith("1") ? "3" : "4");
    assertThat(reward(right, Credit.ALL, "")).isOne();
    SandboxedCoder crashed = (_, _) -> ended("3\n", new Ending.Exited(1));
    assertThat(reward(crashed, Credit.SHARE, "")).isZero();
    SandboxedCoder slow = (_, _) -> ended("3\n", new Ending.TimedOut(Ending.TimedOut.Clock.WALL));
    assertThat(reward(slow, Credit.SHARE, "")).isZero();
  }

  @Test
  void runsTheProgramOfTheCompletionAndNeverShowsItTheAnswer() {
    List<Program> ran = new ArrayList<>();
    SandboxedCoder coder =
        (program, _) -> {
          synchronized (ran) {
            ran.add(program);
          }
          return printed("3");
        };
    reward(coder, Credit.SHARE, "I think:\n```python\nprint(3)\n```\ndone");
    assertThat(ran).hasSize(2).allMatch(program -> program.code().equals("print(3)\n"));
    String target =
        "{\"tests\": [{\"function\": \"f\", \"arguments\": [1], \"result\": \"secret answer\"}]}";
    new UnitTestReward(coder, Limits.defaults(), Credit.ALL).evaluate("", "def f(x): 1", target);
    Program call = ran.getLast();
    assertThat(call.stdin()).contains("def f(x): 1").contains("[1]");
    assertThat(call.code() + call.stdin()).doesNotContain("secret answer");
  }

  @Test
  void neverScoresALostSandboxButTriesAgain() {
    AtomicInteger calls = new AtomicInteger();
    SandboxedCoder lost =
        (_, _) -> {
          calls.incrementAndGet();
          return ended("", new Ending.Lost("no memory"));
        };
    assertThatThrownBy(() -> reward(lost, Credit.ALL, ""))
        .isInstanceOf(SandboxLost.class)
        .hasMessageContaining("no memory");
    assertThat(calls).hasValue(3);
    AtomicInteger count = new AtomicInteger();
    SandboxedCoder lostOnce =
        (program, _) ->
            count.getAndIncrement() == 0
                ? ended("", new Ending.Lost("killed"))
                : printed(program.stdin().startsWith("1") ? "3" : "4");
    assertThat(reward(lostOnce, Credit.ALL, "")).isOne();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3 | 3 | true",
        "3 | 3.0 | true",
        "0.30000000000000004 | 0.3 | true",
        "3 | 4 | false",
        "[1, 2] | [1, 2] | true",
        "[1, 2] | [1] | false",
        "[2, 1] | [1, 2] | false",
        "'{\"a\": 1}' | '{\"a\": 1.0}' | true",
        "'{\"a\": 1}' | '{\"b\": 1}' | false",
        "true | 1 | false",
        "null | 0 | false",
        "'\"1\"' | 1 | false",
        "100000000000000000001 | 100000000000000000001 | true"
      })
  void comparesReturnedValues(String got, String expected, boolean same) {
    JsonMapper mapper = JsonMapper.shared();
    assertThat(TestRun.isSame(mapper.readTree(got), mapper.readTree(expected))).isEqualTo(same);
  }

  @Test
  void findsTheLastFencedBlock() {
    assertThat(CodeAnswer.extract("print(1)")).isEqualTo("print(1)");
    assertThat(CodeAnswer.extract("```\na\n```\nor\n```python\nb\n\nc\n```\n"))
        .isEqualTo("b\n\nc\n");
    assertThat(CodeAnswer.extract("so\n```py\ncut off")).isEqualTo("cut off\n");
    assertThat(CodeAnswer.extract("  ```py\n  x\n  ```")).isEqualTo("  x\n");
  }

  @Test
  void readsTheTargetThatItWrites() {
    CodeTests tests =
        new CodeTests(
            Language.PYTHON,
            List.of(
                new CodeTest.InputOutput("1\n", "\u00e9"),
                new CodeTest.Call("f", "[1,\"x\"]", "{\"a\":[]}")));
    assertThat(CodeTests.parse(tests.target())).isEqualTo(tests);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no json | must be JSON",
        "'{}' | must have a test",
        "'{\"tests\": [{\"stdin\": \"1\"}]}' | must have stdin and stdout",
        "'{\"tests\": [{\"function\": \"f\", \"arguments\": 1, \"result\": 1}]}' | must have stdin",
        "'{\"language\": \"java\", \"tests\": [{\"function\": \"f\", \"arguments\": [], \"result\": 1}]}' | in Python only"
      })
  void refusesTargetsThatAreNoTests(String target, String message) {
    assertThatThrownBy(() -> CodeTests.parse(target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void takesAnswersOfAReferenceSolution() {
    Program reference = new Program(Language.SHELL, "cat", "");
    CodeTests tests =
        CodeTests.ofReference(
            (program, _) -> printed(program.stdin()),
            reference,
            List.of("a", "b"),
            Limits.defaults());
    assertThat(tests.tests())
        .containsExactly(new CodeTest.InputOutput("a", "a"), new CodeTest.InputOutput("b", "b"));
    assertThatThrownBy(() ->
            CodeTests.ofReference(
                (_, _) -> ended("", new Ending.Exited(2)),
                reference,
                List.of("a"),
                Limits.defaults()))
        .hasMessageContaining("a reference solution must exit with 0: input=a it exited with 2");
  }
}
