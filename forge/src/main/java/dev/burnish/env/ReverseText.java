package dev.burnish.env;

import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.Task;
import dev.burnish.tensor.KeyedRandom;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// "Write the text backwards" on made-up words; the reward is how alike answer and target are.
///
/// Training texts have an odd number of words, held-out texts an even one.
///
/// Source: prime-rl's reverse-text.
public record ReverseText(int maxWords, int numHeldOut, long seed) implements Task {
  private static final String ONSETS = "bdfgklmnprstvz";
  private static final String VOWELS = "aeiou";
  private static final int MAX_SYLLABLES = 3;

  public ReverseText {
    if (maxWords < 2 || numHeldOut < 0) {
      throw new IllegalArgumentException(
          "maxWords >= 2 and numHeldOut >= 0: maxWords=%d numHeldOut=%d"
              .formatted(maxWords, numHeldOut));
    }
  }

  @Override
  public Problem training(long index) {
    RandomGenerator random = KeyedRandom.of(seed, "reverse-text", index);
    return sample(1 + 2 * random.nextInt((maxWords + 1) / 2), random, index);
  }

  @Override
  public List<Problem> heldOut() {
    return IntStream.range(0, numHeldOut).mapToObj(this::heldOut).toList();
  }

  private Problem heldOut(int index) {
    RandomGenerator random = KeyedRandom.of(seed, "reverse-text/held-out", index);
    return sample(2 + 2 * random.nextInt(maxWords / 2), random, index);
  }

  /// The content of the `<reversed_text>` tags if there are any, else the whole answer.
  @Override
  public Reward reward() {
    return (_, completion, target) -> SequenceMatcher.ratio(content(completion), target);
  }

  static String content(String completion) {
    String tag = "<reversed_text>";
    int start = completion.indexOf(tag);
    int end = completion.indexOf("</reversed_text>", Math.max(0, start));
    return start < 0 || end < 0
        ? completion.strip()
        : completion.substring(start + tag.length(), end).strip();
  }

  private static Problem sample(int words, RandomGenerator random, long index) {
    String text =
        IntStream.range(0, words).mapToObj(_ -> word(random)).collect(Collectors.joining(" "));
    return new Problem(text, new StringBuilder(text).reverse().toString(), index);
  }

  private static String word(RandomGenerator random) {
    return IntStream.rangeClosed(0, random.nextInt(MAX_SYLLABLES))
        .mapToObj(_ -> "" + pick(ONSETS, random) + pick(VOWELS, random))
        .collect(Collectors.joining());
  }

  private static char pick(String letters, RandomGenerator random) {
    return letters.charAt(random.nextInt(letters.length()));
  }
}
