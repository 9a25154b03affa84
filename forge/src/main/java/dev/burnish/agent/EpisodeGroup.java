package dev.burnish.agent;

import dev.burnish.concurrent.ContextPropagation;
import dev.burnish.concurrent.Stopped;
import dev.burnish.concurrent.Thrown;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Recording;
import dev.burnish.rollout.RolloutFailure;
import dev.burnish.rollout.RolloutFailure.EnvironmentFailed;
import dev.burnish.rollout.ScoredGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// The episodes of a group, each on a virtual thread of its own, until all have ended or their time
/// is over.
///
/// @param player of the episodes, as errors name it
/// @param time of each
/// @param least episodes that must be left
record EpisodeGroup(Problem problem, String player, Duration time, Credit credit, int least) {
  /// A played episode.
  ///
  /// @param rewards of each turn
  /// @param recording of its environment, where it has one
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Played(Branches branches, double[] rewards, Optional<Recording> recording) {
    /// An episode without an environment.
    Played(Branches branches, double[] rewards) {
      this(branches, rewards, Optional.empty());
    }
  }

  /// Makes the branches of an episode, once the advantages of its turns are known.
  @FunctionalInterface
  interface Branches {
    List<Branch> of(IntToDoubleFunction advantages);
  }

  /// Plays all episodes.
  ///
  /// @param n episodes
  /// @param play plays the episode of an index
  ScoredGroup play(int n, IntFunction<Played> play, UnaryOperator<double[]> advantages) {
    List<FutureTask<Played>> episodes =
        IntStream.range(0, n).mapToObj(i -> new FutureTask<>(() -> play.apply(i))).toList();
    try {
      long end = System.nanoTime() + time.toNanos();
      for (int i = 0; i < n; i++) {
        Thread.ofVirtual()
            .name("episode-%d/%d".formatted(problem.index(), i))
            .start(ContextPropagation.wrap(episodes.get(i)));
      }
      return scored(results(episodes, end), advantages);
    } finally {
      episodes.forEach(episode -> episode.cancel(true));
    }
  }

  private List<Played> results(List<FutureTask<Played>> episodes, long end) {
    List<Played> played = new ArrayList<>();
    Optional<EnvironmentFailed> failure = Optional.empty();
    for (int i = 0; i < episodes.size(); i++) {
      try {
        long left = Math.max(0, end - System.nanoTime());
        played.add(episodes.get(i).get(left, TimeUnit.NANOSECONDS));
      } catch (ExecutionException e) {
        EnvironmentFailed failed = failure(i, e.getCause() == null ? e : e.getCause());
        failure = failure.or(() -> Optional.of(failed));
      } catch (TimeoutException e) {
        EnvironmentFailed late = late(i, e);
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

  private EnvironmentFailed late(int index, TimeoutException cause) {
    return new EnvironmentFailed(
        "an episode must end within its budget: problem=%d episode=%d time=%s"
            .formatted(problem.index(), index, time),
        cause);
  }

  /// The failure of one episode; what is one of the whole group is thrown.
  private EnvironmentFailed failure(int index, Throwable thrown) {
    EnvironmentFailed failed =
        new EnvironmentFailed(
            "%s must not throw: problem=%d episode=%d (%s)"
                .formatted(player, problem.index(), index, Thrown.text(thrown)),
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

  private ScoredGroup scored(List<Played> played, UnaryOperator<double[]> advantages) {
    List<double[]> rewards = played.stream().map(Played::rewards).toList();
    List<double[]> of = credit.of(rewards, advantages);
    List<List<Branch>> branches =
        CommonPrompt.divide(
            IntStream.range(0, played.size())
                .mapToObj(i -> played.get(i).branches().of(turn -> of.get(i)[turn]))
                .toList());
    List<Episode> episodes =
        IntStream.range(0, played.size())
            .mapToObj(i ->
                new Episode(
                    branches.get(i),
                    Arrays.stream(rewards.get(i)).sum(),
                    played.get(i).recording()))
            .toList();
    return new ScoredGroup(problem, episodes);
  }
}
