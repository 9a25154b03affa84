package dev.burnish.rollout;

import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Stop;
import dev.burnish.concurrent.Stopped;
import dev.burnish.concurrent.Thrown;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.rollout.RolloutFailure.GenerationFailed;
import dev.burnish.rollout.RolloutFailure.RewardFailed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// A problem, and the group that a generator gave for it.
public record Rollout(Problem problem, Group group) {
  /// Samples the group of one problem by weights of a version in a range.
  ///
  /// @throws RolloutFailure.GenerationFailed if the generator fails
  public static Rollout sample(
      Generator policy,
      Problem problem,
      Prompt prompt,
      SamplingParams sampling,
      VersionRange versions) {
    try {
      return new Rollout(problem, policy.generate(prompt, sampling, versions));
    } catch (CancellationException | CallCancelled | Stopped e) {
      throw e;
    } catch (RuntimeException e) {
      throw new GenerationFailed(
          "a generator must give a group: problem=%d versions=%s (%s)"
              .formatted(problem.index(), versions, Thrown.text(e)),
          e);
    }
  }

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

  /// The group with the rewards of its completions, which are evaluated concurrently.
  ///
  /// @param advantages of the completions, from their rewards
  /// @throws RolloutFailure.RewardFailed if the reward throws for one of them
  public ScoredGroup score(Reward reward, UnaryOperator<double[]> advantages) {
    double[] rewards = rewards(reward);
    return scored(rewards, advantages.apply(rewards));
  }

  /// Scores the rollouts for a learner that has advantages of its own: those of the episodes are 0.
  public static List<ScoredGroup> score(List<Rollout> rollouts, Reward reward) {
    return score(rollouts, reward, rewards -> new double[rewards.length]);
  }

  /// The same for a learner that has advantages of its own: those of the episodes are 0.
  public ScoredGroup score(Reward reward) {
    return score(reward, rewards -> new double[rewards.length]);
  }

  /// The reward of each completion, evaluated concurrently.
  ///
  /// @throws RolloutFailure.RewardFailed if it throws for one of them
  public double[] rewards(Reward reward) {
    Stop.check();
    return Scope.map(group.completions(), completion -> evaluate(reward, completion)).stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  private double evaluate(Reward reward, Completion completion) {
    try {
      return reward.evaluate(problem.prompt(), completion.text(), problem.target());
    } catch (CancellationException | CallCancelled | Stopped e) {
      throw e;
    } catch (RuntimeException e) {
      throw new RewardFailed(
          "a reward must not throw: problem=%d completion=%s (%s)"
              .formatted(problem.index(), completion.text(), Thrown.text(e)),
          e);
    }
  }

  /// The group of those completions for which the reward does not throw, at its true size.
  ///
  /// @param least completions that must be left; 2 where advantages compare them
  /// @param advantages of the completions that are left, from their rewards
  /// @throws RolloutFailure.RewardFailed if fewer are left: the first failure; or if a reward's
  ///   process was lost, which says nothing of the completion
  public ScoredGroup scoreSurvivors(Reward reward, int least, UnaryOperator<double[]> advantages) {
    Stop.check();
    List<Evaluated> all =
        Scope.map(group.completions(), completion -> evaluateOrFail(reward, completion));
    List<Evaluated> left = all.stream().filter(each -> each.failure().isEmpty()).toList();
    if (left.size() < least) {
      throw all.stream().flatMap(each -> each.failure().stream()).findFirst().orElseThrow();
    }
    Group survivors =
        new Group(
            group.prompt(),
            left.stream().map(Evaluated::completion).toList(),
            group.unchosenTokens(),
            group.madeBy());
    double[] rewards = left.stream().mapToDouble(Evaluated::reward).toArray();
    return ScoredGroup.of(problem, survivors, rewards, advantages.apply(rewards));
  }

  /// A completion and its reward, or why it has none.
  private record Evaluated(Completion completion, double reward, Optional<RewardFailed> failure) {}

  private Evaluated evaluateOrFail(Reward reward, Completion completion) {
    try {
      return new Evaluated(completion, evaluate(reward, completion), Optional.empty());
    } catch (RewardFailed e) {
      if (e.getCause() instanceof CallFailure) {
        throw e;
      }
      return new Evaluated(completion, 0, Optional.of(e));
    }
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
