package dev.burnish.env.code;

import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.Task;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import dev.burnish.tensor.KeyedRandom;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// "Write a program that prints N": a line of Python such as `print(3*8+1)`, which is run in a
/// sandbox. A program that prints something else is shown what it printed, and may be written
/// again.
///
/// As a [Task], one program: the first, or the one after a wrong one. Numbers are held out.
///
/// @param coder that runs programs
/// @param attempts at a number
public record PrintNumberTask(SandboxedCoder coder, int attempts, long seed) implements Task {
  /// Every character of a conversation.
  public static final String ALPHABET = "0123456789+*()print=!E";

  /// The form of a conversation: `24=print(3*7+1)<|end|>!22=print(2*10+4)<|end|>`.
  public static final String TEMPLATE =
      "{% for m in messages %}{{ m.content }}{{ '<|end|>' if m.role == 'assistant' else '=' }}"
          + "{% endfor %}";

  private static final Pattern GRAMMAR = Pattern.compile("print\\(\\d\\*(\\d|10)\\+\\d\\)");
  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,3}");
  private static final String FAILED = "E";
  private static final Limits LIMITS = Limits.defaults().withSeconds(2);

  /// The least second factor; the largest is 10.
  private static final int FACTORS = 7;

  private static final int LEAST = 10;
  private static final int MOST = 89;

  /// One of so many numbers is held out.
  private static final int HELD_OUT_SHARE = 8;

  public PrintNumberTask {
    if (attempts < 1) {
      throw new IllegalArgumentException("a number must be attempted: attempts=" + attempts);
    }
  }

  /// A number to train on.
  public Problem conversation(long index) {
    String number = "" + draw("conversation", index).value();
    return new Problem(number, number, index);
  }

  /// The environment of a number.
  public Environment environment(Problem conversation) {
    return new Attempts(this, conversation.target());
  }

  @Override
  public Problem training(long index) {
    Line right = draw("training", index);
    String prompt = right.value() + "=";
    if (Math.floorMod(index, 2) == 1) {
      Line wrong = draw("wrong", index);
      prompt += wrong + "<|end|>!" + wrong.value() + "=";
    }
    return new Problem(prompt, right.toString(), index);
  }

  @Override
  public List<Problem> heldOut() {
    return IntStream.rangeClosed(LEAST, MOST)
        .filter(this::isHeldOut)
        .mapToObj(number -> new Problem(number + "=", "" + number, number))
        .toList();
  }

  /// 1 for a program that prints the number with which the prompt begins.
  @Override
  public Reward reward() {
    return (prompt, completion, _) ->
        output(completion).equals(prompt.substring(0, prompt.indexOf('='))) ? 1 : 0;
  }

  private boolean isHeldOut(int number) {
    return Math.floorMod(KeyedRandom.bits(seed, "print-number/held-out", number), HELD_OUT_SHARE)
        == 0;
  }

  private Line draw(String purpose, long index) {
    return LongStream.iterate(0, i -> i + 1)
        .mapToObj(i -> Line.of(KeyedRandom.bits(seed, purpose + "/" + i, index)))
        .filter(line -> line.value() >= LEAST && line.value() <= MOST)
        .filter(line -> !isHeldOut(line.value()))
        .findFirst()
        .orElseThrow();
  }

  /// The number that a program printed; `E` if it printed none, or is not one of the grammar.
  private String output(String program) {
    if (!GRAMMAR.matcher(program).matches()) {
      return FAILED;
    }
    Execution execution = TestRun.execute(coder, Program.python(program), LIMITS);
    String printed = execution.stdout().strip();
    return execution.succeeded() && NUMBER.matcher(printed).matches() ? printed : FAILED;
  }

  /// `print(a*b+c)`.
  private record Line(int first, int second, int third) {
    static Line of(long bits) {
      return new Line(
          (int) Long.remainderUnsigned(bits, 10),
          FACTORS + (int) Long.remainderUnsigned(bits >>> 16, 11 - FACTORS),
          (int) Long.remainderUnsigned(bits >>> 32, 10));
    }

    int value() {
      return first * second + third;
    }

    @Override
    public String toString() {
      return "print(%d*%d+%d)".formatted(first, second, third);
    }
  }

  private static final class Attempts implements Environment {
    private final PrintNumberTask task;
    private final String number;

    Attempts(PrintNumberTask task, String number) {
      this.task = task;
      this.number = number;
    }

    @Override
    public Observation reset(long seed) {
      return Observation.user(number);
    }

    @Override
    public Step step(Action action) {
      String printed = task.output(action.text());
      if (printed.equals(number)) {
        return Step.over(1);
      }
      return action.turn() + 1 == task.attempts
          ? Step.over(0)
          : Step.next(Observation.user("!" + printed));
    }
  }
}
