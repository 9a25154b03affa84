package dev.burnish.agent;

import dev.burnish.agent.EpisodePlayer.Played;
import dev.burnish.concurrent.ContextPropagation;
import dev.burnish.concurrent.Stopped;
import dev.burnish.concurrent.Thrown;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.RolloutFailure;
import dev.burnish.rollout.RolloutFailure.EnvironmentFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
    EpisodePlayer player = new EpisodePlayer(format, budget, policy, sampling);
    List<FutureTask<Played>> episodes =
        IntStream.range(0, sampling.n())
            .mapToObj(i -> new FutureTask<>(() -> play(player, environments, i)))
            .toList();
    try {
      long end = System.nanoTime() + budget.time().toNanos();
      for (int i = 0; i < episodes.size(); i++) {
        Thread.ofVirtual()
            .name("episode-%d/%d".formatted(problem.index(), i))
            .start(ContextPropagation.wrap(episodes.get(i)));
      }
      return scored(problem, results(problem, episodes, end), advantages);
    } finally {
      episodes.forEach(episode -> episode.cancel(true));
      player.close();
    }
  }

  private static Played play(EpisodePlayer player, Factory environments, int index) {
    try (Environment environment = environments.make()) {
      return player.play(environment, index);
    }
  }

  private List<Played> results(Problem problem, List<FutureTask<Played>> episodes, long end) {
    List<Played> played = new ArrayList<>();
    Optional<EnvironmentFailed> failure = Optional.empty();
    for (int i = 0; i < episodes.size(); i++) {
      try {
        long left = Math.max(0, end - System.nanoTime());
        played.add(episodes.get(i).get(left, TimeUnit.NANOSECONDS));
      } catch (ExecutionException e) {
        EnvironmentFailed failed = failure(problem, i, e.getCause() == null ? e : e.getCause());
        failure = failure.or(() -> Optional.of(failed));
      } catch (TimeoutException e) {
        EnvironmentFailed late = late(problem, i, e);
        failure = failure.or(() -> Optional.of(late));
        episodes.get(i).cancel(true);
      } catch (InterruptedException e) {
        throw Waits.cancelled(e, "interrupted while episodes are played");
      }
    }
    if (played.size() < least) {
      throw failure.orElseThrow(() -> tooFew(episodes.size()));
    }
    return played;
  }

  private IllegalArgumentException tooFew(int n) {
    return new IllegalArgumentException(
        "a group must have as many episodes as must be left: n=%d least=%d; raise n"
            .formatted(n, least));
  }

  private EnvironmentFailed late(Problem problem, int index, TimeoutException cause) {
    return new EnvironmentFailed(
        "an episode must end within its budget: problem=%d episode=%d time=%s"
            .formatted(problem.index(), index, budget.time()),
        cause);
  }

  /// The failure of one episode; what is one of the whole group is thrown.
  private static EnvironmentFailed failure(Problem problem, int index, Throwable thrown) {
    EnvironmentFailed failed =
        new EnvironmentFailed(
            "an environment must not throw: problem=%d episode=%d (%s)"
                .formatted(problem.index(), index, Thrown.text(thrown)),
            thrown);
    return switch (thrown) {
      case EnvironmentFailed e when !isLost(e) -> e;
      case RolloutFailure e -> throw e;
      case Stopped e -> throw e;
      case CancellationException e -> throw e;
      case Error e -> throw e;
      default -> {
        if (isLost(thrown)) {
          throw failed;
        }
        yield failed;
      }
    };
  }

  private static boolean isLost(Throwable thrown) {
    return Thrown.chain(thrown).stream().anyMatch(CallFailure.class::isInstance);
  }

  private ScoredGroup scored(
      Problem problem, List<Played> played, UnaryOperator<double[]> advantages) {
    List<double[]> rewards = played.stream().map(Played::rewards).toList();
    List<double[]> of = credit.of(rewards, advantages);
    List<Episode> episodes =
        IntStream.range(0, played.size())
            .mapToObj(i ->
                new Episode(
                    played.get(i).conversation().branches(turn -> of.get(i)[turn]),
                    Arrays.stream(rewards.get(i)).sum()))
            .toList();
    return new ScoredGroup(problem, episodes);
  }
}
