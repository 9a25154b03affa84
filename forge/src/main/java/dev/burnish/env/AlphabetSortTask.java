package dev.burnish.env;

import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.Task;
import dev.burnish.tensor.KeyedRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// A conversation in which each turn adds letters, and the policy answers with all letters so far
/// in the order of the alphabet.
///
/// As a [Task], one answer of such a conversation whose earlier answers are right. Conversations
/// are held out by their letters.
///
/// @param turns of a conversation
/// @param letters that each turn adds, all different
public record AlphabetSortTask(int turns, int letters, long seed) implements Task {
  private static final String LETTERS = "abcdefghijkl";

  /// Every character of a conversation.
  public static final String ALPHABET = LETTERS + "=";

  /// The form of a conversation: `ca=ac<|end|>eb=abce<|end|>`.
  public static final String TEMPLATE =
      "{% for m in messages %}{{ m.content }}{{ '<|end|>' if m.role == 'assistant' else '=' }}"
          + "{% endfor %}";

  private static final int NUM_HELD_OUT = 200;

  /// One of so many conversations is held out.
  private static final int HELD_OUT_SHARE = 8;

  public AlphabetSortTask {
    if (turns < 1 || letters < 1 || turns * letters >= LETTERS.length()) {
      throw new IllegalArgumentException(
          "a conversation must have turns, and fewer letters than there are: turns=%d letters=%d of %d"
              .formatted(turns, letters, LETTERS.length()));
    }
  }

  /// A whole conversation to train on: its prompt is the letters of its turns.
  public Problem conversation(long index) {
    String all = drawn(index);
    List<String> turns = IntStream.range(0, turns()).mapToObj(i -> added(all, i)).toList();
    return new Problem(String.join(" ", turns), sorted(all, turns() - 1), index);
  }

  /// The environment of a conversation, which draws nothing more.
  public Environment environment(Problem conversation) {
    return new Conversation(this, drawn(conversation.index()));
  }

  private String drawn(long index) {
    return draw(KeyedRandom.of(seed, "alphabet-sort/conversation", index), false);
  }

  @Override
  public Problem training(long index) {
    String all = draw(KeyedRandom.of(seed, "alphabet-sort", index), false);
    return problem(all, Math.floorMod(index, turns), index);
  }

  @Override
  public List<Problem> heldOut() {
    return LongStream.range(0, NUM_HELD_OUT)
        .mapToObj(i ->
            problem(draw(KeyedRandom.of(seed, "alphabet-sort/held-out", i), true), turns - 1, i))
        .toList();
  }

  @Override
  public Reward reward() {
    return Reward.exact();
  }

  /// The letters of all turns.
  private String draw(RandomGenerator random, boolean heldOut) {
    while (true) {
      List<Character> left = new ArrayList<>(LETTERS.chars().mapToObj(c -> (char) c).toList());
      StringBuilder drawn = new StringBuilder();
      for (int i = 0; i < turns * letters; i++) {
        drawn.append(left.remove(random.nextInt(left.size())));
      }
      if (isHeldOut(drawn.toString()) == heldOut) {
        return drawn.toString();
      }
    }
  }

  private boolean isHeldOut(String drawn) {
    return Math.floorMod(KeyedRandom.bits(seed, drawn, 0), HELD_OUT_SHARE) == 0;
  }

  private Problem problem(String all, int turn, long index) {
    StringBuilder prompt = new StringBuilder();
    for (int i = 0; i <= turn; i++) {
      prompt.append(added(all, i)).append('=');
      if (i < turn) {
        prompt.append(sorted(all, i)).append("<|end|>");
      }
    }
    return new Problem(prompt.toString(), sorted(all, turn), index);
  }

  private String added(String all, int turn) {
    return all.substring(turn * letters, (turn + 1) * letters);
  }

  private String sorted(String all, int turn) {
    return all.substring(0, (turn + 1) * letters)
        .chars()
        .sorted()
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /// Each answer is worth its share of 1: whole if it is right, else by how similar it is, to the
  /// fourth power.
  private static final class Conversation implements Environment {
    private final AlphabetSortTask task;
    private final String all;

    /// @param all letters
    Conversation(AlphabetSortTask task, String all) {
      this.task = task;
      this.all = all;
    }

    @Override
    public Observation reset(long seed) {
      return Observation.user(task.added(all, 0));
    }

    @Override
    public Step step(Action action) {
      int turn = action.turn();
      double reward = similarity(action.text(), task.sorted(all, turn)) / task.turns;
      return turn + 1 == task.turns
          ? Step.over(reward)
          : new Step.Next(Observation.user(task.added(all, turn + 1)), reward);
    }

    private static double similarity(String said, String right) {
      return Math.pow(SequenceMatcher.ratio(said, right), 4);
    }
  }
}
