package dev.burnish.rollout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The scored episodes of one problem: the input of a learner. A group is never divided.
///
/// @param origin how it came about
public record ScoredGroup(Problem problem, List<Episode> episodes, Origin origin) {
  public ScoredGroup {
    episodes = List.copyOf(episodes);
    if (episodes.isEmpty()) {
      throw new IllegalArgumentException("a group must have episodes: episodes=0");
    }
    int[] prompt = episodes.getFirst().prompt();
    for (int i = 1; i < episodes.size(); i++) {
      if (!Arrays.equals(episodes.get(i).prompt(), prompt)) {
        throw new IllegalArgumentException(
            "the episodes of a group must share their prompt: problem=%d episode=%d prompts=%s and %s"
                .formatted(
                    problem.index(),
                    i,
                    Arrays.toString(prompt),
                    Arrays.toString(episodes.get(i).prompt())));
      }
    }
  }

  /// A group of which it is not known how it came about.
  public ScoredGroup(Problem problem, List<Episode> episodes) {
    this(problem, episodes, Origin.UNKNOWN);
  }

  /// The same with the request for it.
  public ScoredGroup with(Origin.Dispatch request) {
    return new ScoredGroup(problem, episodes, origin.with(request));
  }

  /// An episode of a single turn per completion of `group`.
  ///
  /// @param advantages of each completion, which all its tokens get
  /// @throws IllegalArgumentException if there is not one finite reward and advantage per
  ///   completion
  public static ScoredGroup of(
      Problem problem, Group group, double[] rewards, double[] advantages) {
    if (group.size() != rewards.length || rewards.length != advantages.length) {
      throw new IllegalArgumentException(
          "each completion must have a reward and an advantage: completions=%d rewards=%d advantages=%d"
              .formatted(group.size(), rewards.length, advantages.length));
    }
    List<Episode> episodes = new ArrayList<>();
    for (int i = 0; i < rewards.length; i++) {
      if (!Double.isFinite(rewards[i]) || !Double.isFinite(advantages[i])) {
        throw new IllegalArgumentException(
            "rewards and advantages must be finite: prompt=%s rewards=%s advantages=%s; mend the reward function"
                .formatted(
                    problem.prompt(), Arrays.toString(rewards), Arrays.toString(advantages)));
      }
      episodes.add(
          Episode.singleTurn(
              group.prompt(), group.completions().get(i), rewards[i], advantages[i]));
    }
    return new ScoredGroup(problem, episodes, new Origin(group.madeBy(), Optional.empty()));
  }

  /// The versions of the weights that sampled its oldest and its newest token.
  public VersionRange versions() {
    return new VersionRange(
        episodes.stream().mapToLong(episode -> episode.versions().oldest()).min().orElseThrow(),
        episodes.stream().mapToLong(episode -> episode.versions().newest()).max().orElseThrow());
  }

  /// The reward of each episode.
  public double[] rewards() {
    return episodes.stream().mapToDouble(Episode::reward).toArray();
  }
}
