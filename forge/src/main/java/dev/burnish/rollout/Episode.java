package dev.burnish.rollout;

import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Stop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/// One sampled completion of a prompt with what it was worth: the unit that is trained on.
///
/// @param group index of the prompt in its step; the samples of one prompt share it
/// @param prompt as a person reads it; its tokens are those of the completion
/// @param advantage of every token of the completion
public record Episode(
    int group, String prompt, Completion completion, double reward, double advantage) {
  /// Rewards every completion, all at once, and turns the rewards of each prompt's group into
  /// advantages.
  ///
  /// @param groups the completions of each sample's prompt
  /// @param advantages of a group, from its rewards
  public static List<Episode> judge(
      List<Problem> samples,
      List<List<Completion>> groups,
      Reward reward,
      UnaryOperator<double[]> advantages) {
    if (samples.size() != groups.size()) {
      throw new IllegalArgumentException(
          "each sample has a group of completions: samples=%d groups=%d"
              .formatted(samples.size(), groups.size()));
    }
    List<Episode> episodes = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      Stop.check();
      Problem sample = samples.get(i);
      double[] rewards =
          Scope.map(
                  groups.get(i),
                  completion ->
                      reward.evaluate(sample.prompt(), completion.text(), sample.target()))
              .stream()
              .mapToDouble(Double::doubleValue)
              .toArray();
      episodes.addAll(group(i, sample.prompt(), groups.get(i), rewards, advantages.apply(rewards)));
    }
    return episodes;
  }

  /// The episodes of one prompt's samples.
  public static List<Episode> group(
      int group,
      String prompt,
      List<Completion> completions,
      double[] rewards,
      double[] advantages) {
    if (completions.size() != rewards.length || rewards.length != advantages.length) {
      throw new IllegalArgumentException(
          "each completion has a reward and an advantage: completions=%d rewards=%d advantages=%d"
              .formatted(completions.size(), rewards.length, advantages.length));
    }
    List<Episode> episodes = new ArrayList<>();
    for (int i = 0; i < rewards.length; i++) {
      if (!Double.isFinite(rewards[i]) || !Double.isFinite(advantages[i])) {
        throw new IllegalArgumentException(
            "rewards and advantages are finite: prompt=%s rewards=%s advantages=%s; mend the reward function"
                .formatted(prompt, Arrays.toString(rewards), Arrays.toString(advantages)));
      }
      episodes.add(new Episode(group, prompt, completions.get(i), rewards[i], advantages[i]));
    }
    return episodes;
  }
}
