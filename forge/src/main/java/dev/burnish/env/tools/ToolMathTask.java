package dev.burnish.env.tools;

import dev.burnish.agent.ChatFormat;
import dev.burnish.agent.ToolEnvironment;
import dev.burnish.agent.ToolTask;
import dev.burnish.agent.ToolUse;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.Task;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatTemplate;
import dev.burnish.tools.Description;
import dev.burnish.tools.ToolFormat;
import dev.burnish.tools.ToolSet;
import java.util.List;
import java.util.stream.LongStream;

/// Products of two numbers, all of one length, which no small model computes by itself: it has to
/// call the calculator, read its answer, and say it again.
///
/// As a [Task], one answer of such a conversation, to imitate before reinforcement. Of four, two
/// call the calculator, one repeats its answer, and one guesses: a model that imitates them calls
/// it some of the time, and learns by the reward alone what is better. Problems are held out by
/// their numbers.
///
/// @param digits of each number
public record ToolMathTask(int digits, long seed) implements Task {
  private static final ToolFormat CALLS = ToolFormat.JSON;
  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.content }}{{ '<|end|>' if m.role == 'assistant' else '=' }}"
          + "{% endfor %}";
  private static final ChatFormat CHAT =
      ChatFormat.of(CharacterTokenizer.of(alphabet()), ChatTemplate.of(TEMPLATE));
  private static final ToolUse USE = ToolUse.of(CHAT, CALLS).withCalls(2).withCharacters(40);

  private static final int NUM_HELD_OUT = 64;

  /// One of so many problems is held out.
  private static final int HELD_OUT_SHARE = 8;

  private static final int KINDS = 4;

  public ToolMathTask {
    if (digits < 1 || digits > 9) {
      throw new IllegalArgumentException("digits must lie in [1, 9]: digits=" + digits);
    }
  }

  /// Of a conversation, error messages included: printable ASCII.
  private static String alphabet() {
    StringBuilder alphabet = new StringBuilder("\n");
    for (char c = ' '; c <= '~'; c++) {
      alphabet.append(c);
    }
    return alphabet.toString();
  }

  /// Conversations by characters: `47*86=` and the call, then `4042=4042`.
  public static ChatFormat format() {
    return CHAT;
  }

  /// A whole problem to train on.
  public Problem problem(long index) {
    return drawn("tool-math/problem", index, false);
  }

  /// The calculator by a short name: each character is a token.
  @FunctionalInterface
  interface ShortCalculator {
    @Description("Computes an expression of numbers exactly")
    String calc(@Description("such as 47*86") String e);
  }

  /// The environment of a problem: two calls of the calculator, and answers of 40 characters.
  public Environment environment(Problem problem) {
    return new ToolEnvironment(
        ToolTask.of(problem, reward()),
        ToolSet.of(ShortCalculator.class, Calculator.exact()::calculate),
        USE);
  }

  @Override
  public Problem training(long index) {
    Problem whole = drawn("tool-math", index, false);
    String asked = whole.prompt() + "=";
    return switch (Math.floorMod(index, KINDS)) {
      case 0 -> new Problem(asked, call(whole), index);
      case 1 ->
          new Problem(
              asked + call(whole) + "<|end|>" + whole.target() + "=", whole.target(), index);
      default -> new Problem(asked, guess(index), index);
    };
  }

  /// In as few characters as a call can have.
  private static String call(Problem whole) {
    return "{\"name\":\"calc\",\"arguments\":{\"e\":\"%s\"}}".formatted(whole.prompt());
  }

  private String guess(long index) {
    return Long.toString(number("tool-math/guess", index) * number("tool-math/guess", ~index));
  }

  /// Whole problems, for episodes.
  @Override
  public List<Problem> heldOut() {
    return LongStream.range(0, NUM_HELD_OUT)
        .mapToObj(i -> drawn("tool-math/held-out", i, true))
        .toList();
  }

  @Override
  public Reward reward() {
    return Reward.exact();
  }

  private Problem drawn(String purpose, long index, boolean heldOut) {
    for (long attempt = 0; ; attempt++) {
      long stream = KeyedRandom.bits(index, purpose, attempt);
      long a = number(purpose + "/a", stream);
      long b = number(purpose + "/b", stream);
      String prompt = a + "*" + b;
      boolean isHeldOut = Math.floorMod(KeyedRandom.bits(seed, prompt, 0), HELD_OUT_SHARE) == 0;
      if (isHeldOut == heldOut && a * b >= least()) {
        return new Problem(prompt, Long.toString(a * b), index);
      }
    }
  }

  /// Products of all problems have as many digits.
  private long least() {
    return Math.powExact(10L, 2 * digits - 1);
  }

  private long number(String purpose, long index) {
    long least = Math.powExact(10L, digits - 1);
    return least + KeyedRandom.of(seed, purpose, index).nextLong(9 * least);
  }
}
