package dev.burnish.agent;

import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Recording;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.Segment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// An environment that says again what was recorded, whatever it is told; and the comparison of
/// groups that were played with it.
public final class Replayed implements Environment {
  private final Recording recording;

  Replayed(Recording recording) {
    this.recording = recording;
  }

  static Recording recording(Problem problem, Episode episode) {
    return episode
        .recording()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "an episode must have a recording of its environment to be played again: problem=%d; it was sampled without one"
                    .formatted(problem.index())));
  }

  @Override
  public Observation reset(long seed) {
    return recording.opening();
  }

  @Override
  public Step step(Action action) {
    if (action.turn() >= recording.steps().size()) {
      throw new IllegalStateException(
          "a policy must say what it said when it was recorded: episode=%d turn=%d of %d; replay it with the weights, the sampling and the budget of then"
              .formatted(recording.index(), action.turn(), recording.steps().size()));
    }
    return recording.steps().get(action.turn());
  }

  @Override
  public double truncated() {
    return recording.truncated().orElse(0.0);
  }

  @Override
  public Map<String, Double> measures() {
    return recording.measures();
  }

  /// The first place where two groups of the same problem differ, in words; empty if they have the
  /// same tokens, logprobs, advantages and rewards, bit for bit.
  public static Optional<String> difference(ScoredGroup recorded, ScoredGroup replayed) {
    if (recorded.episodes().size() != replayed.episodes().size()) {
      return Optional.of(
          "episodes: recorded=%d replayed=%d"
              .formatted(recorded.episodes().size(), replayed.episodes().size()));
    }
    for (int i = 0; i < recorded.episodes().size(); i++) {
      Episode before = recorded.episodes().get(i);
      Episode after = replayed.episodes().get(i);
      if (Double.compare(before.reward(), after.reward()) != 0) {
        return Optional.of(
            "reward of episode %d: recorded=%s replayed=%s"
                .formatted(i, before.reward(), after.reward()));
      }
      int episode = i;
      Optional<String> found = difference(segments(before), segments(after));
      if (found.isPresent()) {
        return found.map(place -> "episode %d: %s".formatted(episode, place));
      }
    }
    return Optional.empty();
  }

  private static List<Segment> segments(Episode episode) {
    return episode.branches().stream().map(Branch::segments).flatMap(List::stream).toList();
  }

  private static Optional<String> difference(List<Segment> before, List<Segment> after) {
    for (int i = 0; i < Math.min(before.size(), after.size()); i++) {
      if (!same(before.get(i), after.get(i))) {
        return Optional.of(
            "segment %d: recorded=%s replayed=%s"
                .formatted(i, words(before.get(i)), words(after.get(i))));
      }
    }
    return before.size() == after.size()
        ? Optional.empty()
        : Optional.of("segments: recorded=%d replayed=%d".formatted(before.size(), after.size()));
  }

  private static boolean same(Segment before, Segment after) {
    if (before instanceof Segment.Sampled a && after instanceof Segment.Sampled b) {
      return Arrays.equals(a.tokens(), b.tokens())
          && Arrays.equals(a.completion().logprobs(), b.completion().logprobs())
          && Arrays.equals(a.advantages(), b.advantages())
          && Arrays.equals(a.lossMask(), b.lossMask());
    }
    return before.getClass() == after.getClass() && Arrays.equals(before.tokens(), after.tokens());
  }

  private static String words(Segment segment) {
    return "%s%s".formatted(segment.getClass().getSimpleName(), Arrays.toString(segment.tokens()));
  }
}
