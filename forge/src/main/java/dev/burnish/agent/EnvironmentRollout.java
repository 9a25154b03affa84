package dev.burnish.agent;

import dev.burnish.agent.EpisodeGroup.Played;
import dev.burnish.concurrent.Scope;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Priority;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.RolloutFailure;
import dev.burnish.rollout.RolloutFailure.EnvironmentFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// Plays the episodes of a group, each with an environment of its own on a virtual thread of its
/// own. Immutable; groups may be played at the same time.
///
/// An episode whose environment fails, or whose time is over, is left out: it is never a reward of
/// 0. The others are trained on at their true number, if enough are left. A generator that fails,
/// or a lost process, fails the group.
///
/// @param least episodes that must be left; 2 where advantages compare them
public record EnvironmentRollout(ChatFormat format, Budget budget, Credit credit, int least) {
  public EnvironmentRollout {
    if (least < 1) {
      throw new IllegalArgumentException("a group must have an episode: least=" + least);
    }
  }

  /// Episodes within a budget, with credit by episode.
  public static EnvironmentRollout of(ChatFormat format, Budget budget) {
    return new EnvironmentRollout(format, budget, Credit.ofEpisodes(), 2);
  }

  public EnvironmentRollout withCredit(Credit newCredit) {
    return new EnvironmentRollout(format, budget, newCredit, least);
  }

  public EnvironmentRollout withLeast(int newLeast) {
    return new EnvironmentRollout(format, budget, credit, newLeast);
  }

  /// Makes environments of a problem.
  @FunctionalInterface
  public interface Factory {
    /// An environment that was not played yet; it is closed after its episode.
    Environment make();
  }

  /// Plays `sampling.n` episodes of a problem.
  ///
  /// @param sampling of each answer; its seed is that of the whole group
  /// @param advantages of some episodes, from one number each
  /// @throws EnvironmentFailed if fewer episodes than `least` are left: the first failure; or if a
  ///   process was lost, which says nothing of the episode
  /// @throws RolloutFailure.GenerationFailed if the generator fails
  public ScoredGroup play(
      Problem problem,
      Factory environments,
      Generator policy,
      SamplingParams sampling,
      UnaryOperator<double[]> advantages) {
    List<Start> starts =
        IntStream.range(0, sampling.n()).mapToObj(i -> new Start(i, environments)).toList();
    return played(problem, starts, policy, sampling, advantages);
  }

  /// Plays the episodes of a group again, each with an environment that says what was recorded: no
  /// tool is called. With the weights, seed and sampling of the group, and the same `advantages`,
  /// the result has its bits ([Replayed]).
  ///
  /// @throws IllegalArgumentException if an episode was recorded without an environment
  /// @throws EnvironmentFailed if fewer episodes than `least` are left, such as when the policy
  ///   says more than it did
  public ScoredGroup replay(
      ScoredGroup recorded,
      Generator policy,
      SamplingParams sampling,
      UnaryOperator<double[]> advantages) {
    List<Start> starts =
        recorded.episodes().stream()
            .map(episode -> Replayed.recording(recorded.problem(), episode))
            .map(recording -> new Start(recording.index(), () -> new Replayed(recording)))
            .toList();
    return played(recorded.problem(), starts, policy, sampling, advantages);
  }

  /// The mean reward of one episode per problem, played at the same time by the most likely
  /// answers, before the samples to train on.
  ///
  /// @param environments makes the environment of a problem
  /// @param maxTokens of each answer
  /// @throws EnvironmentFailed if an episode fails
  public double measure(
      Generator policy,
      List<Problem> problems,
      Function<Problem, Environment> environments,
      int maxTokens) {
    SamplingParams sampling = SamplingParams.greedy(maxTokens).withPriority(Priority.EVALUATION);
    EnvironmentRollout alone = withLeast(1);
    return Scope.map(
            problems,
            problem ->
                alone.play(
                    problem,
                    () -> environments.apply(problem),
                    policy,
                    sampling,
                    rewards -> new double[rewards.length]))
        .stream()
        .mapToDouble(group -> group.rewards()[0])
        .average()
        .orElseThrow();
  }

  /// An episode that is to be played.
  ///
  /// @param index in its group
  private record Start(int index, Factory environments) {}

  private ScoredGroup played(
      Problem problem,
      List<Start> starts,
      Generator policy,
      SamplingParams sampling,
      UnaryOperator<double[]> advantages) {
    Generator near = policy.conversation(conversation(sampling));
    EpisodePlayer player = new EpisodePlayer(format, budget, near, sampling);
    EpisodeGroup group = new EpisodeGroup(problem, "an environment", budget.time(), credit, least);
    try (player) {
      return group.play(starts.size(), i -> play(player, starts.get(i)), advantages);
    }
  }

  /// All conversations of a group are of one key: they share their prompt, and what is answered
  /// first is in the cache of the replica that was asked for all first answers.
  static String conversation(SamplingParams sampling) {
    return "group " + Long.toHexString(sampling.seed());
  }

  private static Played play(EpisodePlayer player, Start start) {
    try (Environment environment = start.environments().make()) {
      return player.play(environment, start.index());
    }
  }
}
