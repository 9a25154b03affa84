package dev.burnish.agent;

import dev.burnish.agent.EpisodeGroup.Played;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.RolloutFailure;
import dev.burnish.rollout.RolloutFailure.EnvironmentFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import java.util.function.UnaryOperator;

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
    Generator near = policy.conversation(conversation(sampling));
    EpisodePlayer player = new EpisodePlayer(format, budget, near, sampling);
    EpisodeGroup group = new EpisodeGroup(problem, "an environment", budget.time(), credit, least);
    try (player) {
      return group.play(sampling.n(), i -> play(player, environments, i), advantages);
    }
  }

  /// All conversations of a group are of one key: they share their prompt, and what is answered
  /// first is in the cache of the replica that was asked for all first answers.
  static String conversation(SamplingParams sampling) {
    return "group " + Long.toHexString(sampling.seed());
  }

  private static Played play(EpisodePlayer player, Factory environments, int index) {
    try (Environment environment = environments.make()) {
      return player.play(environment, index);
    }
  }
}
