package dev.burnish.env;

import dev.burnish.data.KeyedPermutation;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.Task;
import dev.burnish.tensor.KeyedRandom;
import java.util.List;
import java.util.stream.LongStream;

/// "What is the sum of the digits of N?" for numbers of a fixed number of digits. A keyed
/// permutation of all such numbers puts the first `numHeldOut` aside; training draws from the
/// others.
public record SumDigitsTask(int digits, int numHeldOut, long seed) implements Task {
  /// Every character of a prompt or an answer.
  public static final String ALPHABET = " ?0123456789Wacdefghimnostu";

  public SumDigitsTask {
    if (digits < 1 || digits > 18) {
      throw new IllegalArgumentException(
          "digits must lie in [1, 18]: digits=" + digits + "; 3 is a task for a demo");
    }
    if (numHeldOut < 0 || numHeldOut >= count(digits)) {
      throw new IllegalArgumentException(
          "held-out numbers leave some to train on: numHeldOut=%d numbers=%d; lower numHeldOut or raise digits"
              .formatted(numHeldOut, count(digits)));
    }
  }

  @Override
  public Problem training(long index) {
    long rest = count(digits) - numHeldOut;
    long draw = KeyedRandom.of(seed, "sum-digits", index).nextLong(rest);
    return sample(numHeldOut + draw, index);
  }

  @Override
  public List<Problem> heldOut() {
    return LongStream.range(0, numHeldOut).mapToObj(i -> sample(i, i)).toList();
  }

  @Override
  public Reward reward() {
    return Reward.exact();
  }

  /// The prompt that asks for a number's sum.
  public static String prompt(long number) {
    return "What is the sum of the digits of " + number + "?";
  }

  private Problem sample(long position, long index) {
    long all = count(digits);
    long key = KeyedRandom.bits(seed, "sum-digits/held-out", 0);
    long number = first(digits) + new KeyedPermutation(all, key).apply(position);
    int sum = Long.toString(number).chars().map(c -> c - '0').sum();
    return new Problem(prompt(number), Integer.toString(sum), index);
  }

  private static long first(int digits) {
    return digits == 1 ? 0 : Math.powExact(10L, digits - 1);
  }

  private static long count(int digits) {
    return Math.powExact(10L, digits) - first(digits);
  }
}
