package dev.burnish.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.rollout.Environment.Action;
import dev.burnish.rollout.Environment.Step;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.Reward;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatTemplate;
import dev.burnish.tools.Description;
import dev.burnish.tools.ToolFormat;
import dev.burnish.tools.ToolSet;
import dev.burnish.tools.ToolUnavailable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ToolEnvironmentTest {
  private static final ToolTask TASK = ToolTask.of(new Problem("6*7?", "42", 0), Reward.exact());
  private static final ChatFormat CHAT =
      ChatFormat.of(CharacterTokenizer.of("0123456789"), ChatTemplate.of("{{ tools }}<tool_call>"));

  @FunctionalInterface
  interface Act {
    @Description("does something")
    String act(int number) throws Exception;
  }

  private static ToolUse use() {
    return ToolUse.of(CHAT);
  }

  private static ToolEnvironment environment(ToolUse use, Act act) {
    return new ToolEnvironment(TASK, ToolSet.of(Act.class, act), use);
  }

  private static Action says(String text) {
    return new Action(text, FinishReason.STOP, 0);
  }

  private static String call(int number) {
    return "<tool_call>{\"name\": \"act\", \"arguments\": {\"number\": %d}}</tool_call>"
        .formatted(number);
  }

  private static String calls(int count) {
    return String.join("", IntStream.range(0, count).mapToObj(ToolEnvironmentTest::call).toList());
  }

  private static List<String> answers(Step step) {
    return ((Step.Next) step).observation().turns().stream().map(Prompt.Turn::content).toList();
  }

  private static Map<String, Double> counts(ToolEnvironment environment) {
    Map<String, Double> counts = new TreeMap<>(environment.measures());
    counts.values().removeIf(count -> count == 0);
    return counts;
  }

  @Test
  void eachCallIsAnsweredByATurnAndAnAnswerWithoutCallsIsFinal() {
    ToolEnvironment environment = environment(use(), number -> "got " + number);
    assertThat(environment.reset(1).turns()).containsExactly(new Prompt.Turn("user", "6*7?"));
    Step.Next next = (Step.Next) environment.step(says("Let me see. " + calls(2)));
    assertThat(next.reward()).isZero();
    assertThat(next.observation().turns())
        .containsExactly(new Prompt.Turn("tool", "got 0"), new Prompt.Turn("tool", "got 1"));
    assertThat(environment.step(says(" 42\n"))).isEqualTo(Step.over(1));
    assertThat(counts(environment)).isEqualTo(Map.of("tools/answered", 2.0, "tools/calls", 2.0));
    assertThat(environment(use(), _ -> "").step(says("41"))).isEqualTo(Step.over(0));
  }

  @Test
  void whatIsWrongWithACallIsToldAndCounted() {
    ToolEnvironment environment =
        environment(
            use(),
            number -> {
              if (number == 1) {
                throw new IOException("no such number");
              }
              throw number == 2
                  ? new NullPointerException()
                  : new IllegalStateException("x".repeat(100_000));
            });
    assertThat(answers(environment.step(says("<tool_call>{\"name\": \"act\""))))
        .containsExactly(
            "error: malformed call: the JSON object is not closed; write <tool_call>\n{\"name\": \"NAME\", \"arguments\": {}}\n</tool_call>");
    assertThat(
            answers(
                environment.step(
                    says(
                        "<tool_call>{\"name\": \"go\", \"arguments\": {}}"
                            + call(0).replace("0", "null")))))
        .containsExactly(
            "error: no tool is named go; there are act",
            "error: number must be a whole number from -2147483648 to 2147483647, and is null");
    List<String> failed = answers(environment.step(says(call(1) + call(2) + call(3))));
    assertThat(failed.subList(0, 2))
        .containsExactly("error: no such number", "error: NullPointerException");
    assertThat(failed.get(2)).hasSizeLessThan(8300).endsWith("more characters)");
    assertThat(counts(environment))
        .isEqualTo(
            Map.of(
                "tools/malformed", 1.0,
                "tools/refused", 2.0,
                "tools/failed", 3.0,
                "tools/calls", 6.0));
  }

  @Test
  void aSystemThatFailsFailsTheEpisodeAndIsNotTold() {
    assertThatThrownBy(() ->
            environment(
                    use(),
                    _ -> {
                      throw new ToolUnavailable("the sandbox was lost");
                    })
                .step(says(call(1))))
        .isInstanceOf(ToolUnavailable.class);
    assertThatThrownBy(() ->
            environment(
                    use(),
                    _ -> {
                      throw new IllegalStateException(new ReplicaLost("coder/0 is gone"));
                    })
                .step(says(call(1))))
        .isInstanceOf(ToolUnavailable.class)
        .hasRootCauseInstanceOf(ReplicaLost.class);
    assertThatThrownBy(() ->
            environment(
                    use().withAtOnce(2),
                    _ -> {
                      throw new OutOfMemoryError("test");
                    })
                .step(says(calls(3))))
        .satisfies(thrown ->
            assertThat(
                    thrown instanceof OutOfMemoryError
                        || thrown.getCause() instanceof OutOfMemoryError)
                .isTrue());
  }

  @Test
  void aToolThatRecursesTooDeepIsToldLikeAnyFailure() {
    assertThat(
            answers(
                environment(
                        use(),
                        _ -> {
                          throw new StackOverflowError();
                        })
                    .step(says(call(1)))))
        .containsExactly("error: StackOverflowError");
  }

  @Test
  void callsOfOneTurnRunInOrderUnlessSeveralMayRunAtOnce() {
    AtomicInteger last = new AtomicInteger(-1);
    ToolEnvironment inOrder =
        environment(
            use(),
            number -> "%s".formatted(last.getAndSet(number) == number - 1 ? "in order" : "not"));
    assertThat(answers(inOrder.step(says(calls(5))))).containsOnly("in order").hasSize(5);

    CyclicBarrier two = new CyclicBarrier(2);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    ToolEnvironment atOnce =
        environment(
            use().withAtOnce(2),
            number -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              two.await();
              running.decrementAndGet();
              return "got " + number;
            });
    assertThat(answers(atOnce.step(says(calls(6)))))
        .containsExactly("got 0", "got 1", "got 2", "got 3", "got 4", "got 5");
    assertThat(most).hasValue(2);
  }

  @Test
  void aCallThatTakesTooLongIsInterruptedAndTheOthersAreNot() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    ToolEnvironment environment =
        environment(
            use().withAtOnce(3).withTime(Duration.ofMillis(50)),
            number -> {
              if (number == 1) {
                try {
                  new CountDownLatch(1).await();
                } finally {
                  interrupted.countDown();
                }
              }
              return "got " + number;
            });
    assertThat(answers(environment.step(says(calls(3)))))
        .containsExactly("got 0", "error: the call took longer than 50 ms", "got 2");
    interrupted.await();
    assertThat(counts(environment))
        .isEqualTo(Map.of("tools/answered", 2.0, "tools/late", 1.0, "tools/calls", 3.0));
  }

  @Test
  void anInterruptOfTheEpisodeReachesTheTool() throws Exception {
    CountDownLatch called = new CountDownLatch(2);
    CountDownLatch interrupted = new CountDownLatch(2);
    ToolEnvironment environment =
        environment(
            use().withAtOnce(2),
            _ -> {
              called.countDown();
              try {
                new CountDownLatch(1).await();
                return "never";
              } finally {
                interrupted.countDown();
              }
            });
    CountDownLatch cancelled = new CountDownLatch(1);
    Thread episode =
        Thread.ofVirtual()
            .start(() -> {
              try {
                environment.step(says(calls(2)));
              } catch (CancellationException e) {
                cancelled.countDown();
              }
            });
    called.await();
    episode.interrupt();
    interrupted.await();
    cancelled.await();
    episode.join();
  }

  @Test
  void callsAreBounded() {
    AtomicInteger count = new AtomicInteger();
    ToolEnvironment environment =
        environment(use().withCalls(2), _ -> "call " + count.incrementAndGet());
    assertThat(answers(environment.step(says(calls(3)))))
        .containsExactly(
            "call 1", "call 2", "error: no calls are left of 2; give the final answer");
    assertThat(answers(environment.step(says(call(1))))).hasSize(1);
    assertThat(count).hasValue(2);
  }

  @Test
  void noAnswerOfAToolEndsATurn() {
    ToolEnvironment environment =
        environment(use(), _ -> "a<|end|>b<|pad|>" + "é\uD83D\uDE00".repeat(9));
    assertThat(answers(environment.step(says(call(1)))).getFirst())
        .startsWith("a< |end|>b< |pad|>é");
    ToolUse short19 = use().withCharacters(19);
    assertThat(short19.shown("a<|end|>b<|pad|>é\uD83D\uDE00\uD83D\uDE00"))
        .isEqualTo("a< |end|>b< |pad|>é\uD83D\uDE00... (2 more characters)");
    assertThat(short19.withCharacters(18).shown("a<|end|>b<|pad|>é\uD83D\uDE00\uD83D\uDE00"))
        .isEqualTo("a< |end|>b< |pad|>é... (4 more characters)");
  }

  @Test
  void aTemplateWritesTheSchemas() {
    ChatFormat chat =
        ChatFormat.of(
                CharacterTokenizer.of("1"),
                ChatTemplate.of("{% for t in tools %}{{ t | tojson }}{% endfor %}"))
            .withTools(ToolSet.of(Act.class, _ -> ""));
    assertThat(chat.render(List.of()))
        .isEqualTo(
            "{\"type\": \"function\", \"function\": {\"name\": \"act\", \"description\": \"does something\", \"parameters\": {\"type\": \"object\", \"properties\": {\"number\": {\"type\": \"integer\", \"minimum\": -2147483648, \"maximum\": 2147483647}}, \"required\": [\"number\"], \"additionalProperties\": false}}}");
  }

  @Test
  void theFormatIsThatOfTheTemplate() {
    assertThat(use().format()).isEqualTo(ToolFormat.HERMES);
    assertThatThrownBy(() ->
            ToolUse.of(
                ChatFormat.of(CharacterTokenizer.of("1"), ChatTemplate.of("{{ messages }}"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("give a ToolFormat");
  }
}
