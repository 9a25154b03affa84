package dev.burnish.rollout;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// A run of an episode's tokens that one party wrote.
public sealed interface Segment {
  int[] tokens();

  /// Tokens that the policy was given: never learned.
  @SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
  record Given(Source source, int[] tokens) implements Segment {}

  /// The author of tokens that the policy was given.
  enum Source {
    PROMPT,
    /// The result of a tool.
    TOOL,
    /// The words of the environment or of another speaker.
    ENVIRONMENT
  }

  /// Tokens that the policy sampled.
  ///
  /// @param completion tokens with the log-probabilities of the policy that sampled them
  /// @param advantages one per token
  /// @param lossMask which tokens are learned: all, unless a part is left out, such as one that is
  ///   too stale
  @SuppressWarnings("ArrayRecordComponent") // travels; never compared
  record Sampled(Completion completion, double[] advantages, boolean[] lossMask)
      implements Segment {
    public Sampled {
      int tokens = completion.tokens().length;
      if (advantages.length != tokens || lossMask.length != tokens) {
        throw new IllegalArgumentException(
            "each sampled token must have an advantage and a mask: tokens=%d advantages=%d lossMask=%d"
                .formatted(tokens, advantages.length, lossMask.length));
      }
      for (double advantage : advantages) {
        if (!Double.isFinite(advantage)) {
          throw new IllegalArgumentException(
              "advantages must be finite: advantages=%s; mend the reward function"
                  .formatted(Arrays.toString(advantages)));
        }
      }
    }

    /// A completion whose every token is learned with one advantage.
    public static Sampled of(Completion completion, double advantage) {
      double[] advantages = new double[completion.tokens().length];
      Arrays.fill(advantages, advantage);
      boolean[] lossMask = new boolean[advantages.length];
      Arrays.fill(lossMask, true);
      return new Sampled(completion, advantages, lossMask);
    }

    /// The advantages of the learned tokens, in order.
    DoubleStream learnedAdvantages() {
      return IntStream.range(0, lossMask.length)
          .filter(i -> lossMask[i])
          .mapToDouble(i -> advantages[i]);
    }

    int numLearned() {
      return (int) IntStream.range(0, lossMask.length).filter(i -> lossMask[i]).count();
    }

    @Override
    public int[] tokens() {
      return completion.tokens();
    }
  }
}
