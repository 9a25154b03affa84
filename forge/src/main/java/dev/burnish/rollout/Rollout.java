package dev.burnish.rollout;

import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Stop;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// A problem, and the group that a generator gave for it.
public record Rollout(Problem problem, Group group) {
  /// Samples a group for each problem, whose prompt is the problem's as plain text.
  public static List<Rollout> sample(
      Generator policy, List<Problem> problems, SamplingParams sampling) {
    return sample(policy, problems, problem -> Prompt.text(problem.prompt()), sampling);
  }

  /// Samples a group for each problem.
  ///
  /// @param ask the prompt of a problem
  /// @throws IllegalStateException if the generator gives more or fewer groups than it was asked
  ///   for
  public static List<Rollout> sample(
      Generator policy,
      List<Problem> problems,
      Function<Problem, Prompt> ask,
      SamplingParams sampling) {
    List<Group> groups = policy.generateAll(problems.stream().map(ask).toList(), sampling);
    if (groups.size() != problems.size()) {
      throw new IllegalStateException(
          "a generator must give one group per prompt: prompts=%d groups=%d"
              .formatted(problems.size(), groups.size()));
    }
    List<Rollout> rollouts = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      rollouts.add(new Rollout(problems.get(i), groups.get(i)));
    }
    return rollouts;
  }

  /// Scores the rollouts one after the other, the completions of each concurrently.
  ///
  /// @param advantages of a group, from its rewards
  public static List<ScoredGroup> score(
      List<Rollout> rollouts, Reward reward, UnaryOperator<double[]> advantages) {
    return rollouts.stream()
        .map(rollout -> {
          double[] rewards = rollout.rewards(reward);
          return rollout.scored(rewards, advantages.apply(rewards));
        })
        .toList();
  }

  /// Scores the rollouts for a learner that has advantages of its own: those of the episodes are 0.
  public static List<ScoredGroup> score(List<Rollout> rollouts, Reward reward) {
    return score(rollouts, reward, rewards -> new double[rewards.length]);
  }

  /// The reward of each completion, evaluated concurrently.
  public double[] rewards(Reward reward) {
    Stop.check();
    return Scope.map(
            group.completions(),
            completion -> reward.evaluate(problem.prompt(), completion.text(), problem.target()))
        .stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  /// The group with its rewards: an episode of a single turn per completion.
  ///
  /// @param advantages of each completion, which all its tokens get
  /// @throws IllegalArgumentException if there is not one finite reward and advantage per
  ///   completion
  public ScoredGroup scored(double[] rewards, double[] advantages) {
    return ScoredGroup.of(problem, group, rewards, advantages);
  }
}
