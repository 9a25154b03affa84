package dev.burnish.env;

import dev.burnish.data.KeyedPermutation;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.Task;
import dev.burnish.tensor.KeyedRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// "Continue a, b modulo max for n numbers", written `a,b:max,n`. The reward is dense, so that a
/// model with random weights has a signal: each correct character of the beginning counts, and so
/// does stopping at the end.
///
/// Source: verl `tests/special_e2e/envs/digit_completion`.
///
/// @param maxNumber the exclusive upper bound of the numbers
/// @param maxDifference of the first two numbers
/// @param maxCount of the numbers to continue with
public record DigitCompletion(
    int maxNumber, int maxDifference, int maxCount, int numHeldOut, long seed) implements Task {
  public DigitCompletion {
    if (maxNumber < 2 || maxDifference < 1 || maxCount < 1 || numHeldOut < 0) {
      throw new IllegalArgumentException(
          "maxNumber > 1, maxDifference > 0, maxCount > 0, numHeldOut >= 0: maxNumber=%d maxDifference=%d maxCount=%d numHeldOut=%d"
              .formatted(maxNumber, maxDifference, maxCount, numHeldOut));
    }
    if (numHeldOut >= numPrompts(maxNumber, maxDifference, maxCount)) {
      throw new IllegalArgumentException(
          "held-out prompts leave some to train on: numHeldOut=%d prompts=%d; raise maxNumber"
              .formatted(numHeldOut, numPrompts(maxNumber, maxDifference, maxCount)));
    }
  }

  @Override
  public Problem training(long index) {
    RandomGenerator random = KeyedRandom.of(seed, "digit-completion", index);
    long prompts = numPrompts(maxNumber, maxDifference, maxCount);
    return sample(numHeldOut + random.nextLong(prompts - numHeldOut), index);
  }

  @Override
  public List<Problem> heldOut() {
    return IntStream.range(0, numHeldOut).mapToObj(i -> sample(i, i)).toList();
  }

  @Override
  public Reward reward() {
    return (_, completion, target) -> {
      int right = 0;
      while (right < Math.min(completion.length(), target.length())
          && completion.charAt(right) == target.charAt(right)) {
        right++;
      }
      boolean ended = completion.equals(target);
      return (right + (ended ? 1.0 : 0.0)) / (target.length() + 1);
    };
  }

  private Problem sample(long position, long index) {
    long key = KeyedRandom.bits(seed, "digit-completion/held-out", 0);
    long code =
        new KeyedPermutation(numPrompts(maxNumber, maxDifference, maxCount), key).apply(position);
    int count = (int) (code % maxCount) + 1;
    int difference = (int) (code / maxCount % maxDifference) + 1;
    int first = (int) (code / maxCount / maxDifference);
    List<String> numbers = new ArrayList<>();
    int last = (first + difference) % maxNumber;
    String prompt = String.format(Locale.ROOT, "%d,%d:%d,%d", first, last, maxNumber, count);
    for (int i = 0; i < count; i++) {
      last = (last + difference) % maxNumber;
      numbers.add(Integer.toString(last));
    }
    return new Problem(prompt, String.join(",", numbers), index);
  }

  private static long numPrompts(int maxNumber, int maxDifference, int maxCount) {
    return (long) maxNumber * maxDifference * maxCount;
  }
}
