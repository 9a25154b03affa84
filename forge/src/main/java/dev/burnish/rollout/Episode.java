package dev.burnish.rollout;

import dev.burnish.rollout.Segment.Given;
import dev.burnish.rollout.Segment.Sampled;
import dev.burnish.rollout.Segment.Source;
import java.util.Arrays;
import java.util.List;

/// One trajectory with its reward: the unit that is trained on. Its tokens are those of its
/// segments in order; the policy learns those that it sampled and whose mask is set.
///
/// @param segments the first is a prompt; at least one is sampled
public record Episode(List<Segment> segments, double reward) {
  public Episode {
    segments = List.copyOf(segments);
    if (segments.size() < 2
        || !(segments.getFirst() instanceof Given(Source source, int[] prompt))
        || source != Source.PROMPT
        || prompt.length == 0) {
      throw new IllegalArgumentException(
          "an episode must begin with a prompt that something follows: segments="
              + kinds(segments));
    }
    if (!Double.isFinite(reward)) {
      throw new IllegalArgumentException(
          "a reward must be finite: reward=%s; mend the reward function".formatted(reward));
    }
    if (numLearned(segments) == 0) {
      throw new IllegalArgumentException(
          "an episode must have sampled tokens to learn: segments=" + kinds(segments));
    }
  }

  /// A prompt with one completion, whose every token has the same advantage.
  public static Episode singleTurn(
      int[] prompt, Completion completion, double reward, double advantage) {
    return new Episode(
        List.of(new Given(Source.PROMPT, prompt), Sampled.of(completion, advantage)), reward);
  }

  /// Token ids of the prompt.
  public int[] prompt() {
    return segments.getFirst().tokens();
  }

  /// The segments that the policy sampled, in order.
  public List<Sampled> sampled() {
    return segments.stream().filter(Sampled.class::isInstance).map(Sampled.class::cast).toList();
  }

  /// The version of the weights that sampled each of the policy's tokens.
  public TokenVersions versions() {
    return sampled().stream()
        .map(sampled -> sampled.completion().versions())
        .reduce(TokenVersions.of(0, 0), TokenVersions::concat);
  }

  /// The advantage of the first learned token: in an episode of a single turn, that of all.
  public double advantage() {
    return sampled().stream().flatMapToDouble(Sampled::learnedAdvantages).findFirst().orElseThrow();
  }

  /// The number of tokens that the policy sampled.
  public int numSampled() {
    return sampled().stream().mapToInt(s -> s.tokens().length).sum();
  }

  /// The number of tokens that the policy learns.
  public int numLearned() {
    return numLearned(segments);
  }

  private static int numLearned(List<Segment> segments) {
    return (int)
        segments.stream()
            .filter(Sampled.class::isInstance)
            .flatMapToDouble(segment -> ((Sampled) segment).learnedAdvantages())
            .count();
  }

  private static String kinds(List<Segment> segments) {
    return Arrays.toString(
        segments.stream()
            .map(s -> "%s(%d tokens)".formatted(s.getClass().getSimpleName(), s.tokens().length))
            .toArray());
  }
}
