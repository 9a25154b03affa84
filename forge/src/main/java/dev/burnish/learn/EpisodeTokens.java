package dev.burnish.learn;

import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Segment;
import dev.burnish.rollout.Segment.Sampled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// An episode as a learner sees it: the tokens that go through the model, and those that are
/// learned.
///
/// @param inputs of each branch that has learned tokens: all before the last learned one, after
///   which nothing is predicted
/// @param targets the learned tokens
/// @param branches the index in `inputs` of each learned token's branch
/// @param positions of the learned tokens in their branch
/// @param logprobs of the learned tokens under the policy that sampled them
/// @param advantages of the learned tokens
@SuppressWarnings("ArrayRecordComponent") // never leaves the package
record EpisodeTokens(
    List<int[]> inputs,
    int[] targets,
    int[] branches,
    int[] positions,
    double[] logprobs,
    double[] advantages) {
  static EpisodeTokens of(Episode episode) {
    int count = episode.numLearned();
    EpisodeTokens result =
        new EpisodeTokens(
            new ArrayList<>(),
            new int[count],
            new int[count],
            new int[count],
            new double[count],
            new double[count]);
    int next = 0;
    for (Branch branch : episode.branches()) {
      if (branch.numLearned() > 0) {
        next = result.add(branch, next);
      }
    }
    return result;
  }

  /// Adds a branch, whose learned tokens get the indices from `next` on.
  private int add(Branch branch, int next) {
    int index = next;
    int at = 0;
    for (Segment segment : branch.segments()) {
      if (segment instanceof Sampled sampled) {
        index = learn(sampled, at, index);
      }
      at += segment.tokens().length;
    }
    inputs.add(Arrays.copyOf(branch.tokens(), positions[index - 1]));
    return index;
  }

  /// Records the learned tokens of a segment that begins at position `start` of its branch.
  private int learn(Sampled sampled, int start, int next) {
    int index = next;
    for (int t = 0; t < sampled.lossMask().length; t++) {
      if (sampled.lossMask()[t]) {
        targets[index] = sampled.tokens()[t];
        branches[index] = inputs.size();
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
