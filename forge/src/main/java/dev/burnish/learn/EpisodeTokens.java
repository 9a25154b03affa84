package dev.burnish.learn;

import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Segment;
import dev.burnish.rollout.Segment.Sampled;
import java.util.Arrays;

/// An episode as a learner sees it: the tokens that go through the model, and those that are
/// learned.
///
/// @param inputs all tokens before the last learned one, after which nothing is predicted
/// @param targets the learned tokens
/// @param positions of the learned tokens in the episode
/// @param logprobs of the learned tokens under the policy that sampled them
/// @param advantages of the learned tokens
@SuppressWarnings("ArrayRecordComponent") // never leaves the package
record EpisodeTokens(
    int[] inputs, int[] targets, int[] positions, double[] logprobs, double[] advantages) {
  static EpisodeTokens of(Episode episode) {
    int count = episode.numLearned();
    int[] all = new int[episode.segments().stream().mapToInt(s -> s.tokens().length).sum()];
    EpisodeTokens result =
        new EpisodeTokens(
            all, new int[count], new int[count], new double[count], new double[count]);
    int next = 0;
    int at = 0;
    for (Segment segment : episode.segments()) {
      int[] tokens = segment.tokens();
      System.arraycopy(tokens, 0, all, at, tokens.length);
      if (segment instanceof Sampled sampled) {
        next = result.learn(sampled, at, next);
      }
      at += tokens.length;
    }
    return new EpisodeTokens(
        Arrays.copyOf(all, result.positions[count - 1]),
        result.targets,
        result.positions,
        result.logprobs,
        result.advantages);
  }

  /// Records the learned tokens of a segment that begins at position `start`, from index `next` on.
  private int learn(Sampled sampled, int start, int next) {
    int index = next;
    for (int t = 0; t < sampled.lossMask().length; t++) {
      if (sampled.lossMask()[t]) {
        targets[index] = sampled.tokens()[t];
        positions[index] = start + t;
        logprobs[index] = sampled.completion().logprobs()[t];
        advantages[index++] = sampled.advantages()[t];
      }
    }
    return index;
  }

  int numTargets() {
    return targets.length;
  }
}
