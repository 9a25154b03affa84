package dev.burnish.rollout;

import dev.burnish.rollout.Segment.Given;
import dev.burnish.rollout.Segment.Sampled;
import dev.burnish.rollout.Segment.Source;
import java.util.Arrays;
import java.util.List;

/// One sequence of tokens of an episode: those of its segments in order.
///
/// @param segments the first is a prompt, and something follows
public record Branch(List<Segment> segments) {
  public Branch {
    segments = List.copyOf(segments);
    if (segments.size() < 2
        || !(segments.getFirst() instanceof Given(Source source, int[] prompt))
        || source != Source.PROMPT
        || prompt.length == 0) {
      throw new IllegalArgumentException(
          "an episode must begin with a prompt that something follows: segments="
              + kinds(segments));
    }
  }

  /// Token ids of the prompt.
  public int[] prompt() {
    return segments.getFirst().tokens();
  }

  /// The token ids of all segments.
  public int[] tokens() {
    int[] all = new int[segments.stream().mapToInt(segment -> segment.tokens().length).sum()];
    int at = 0;
    for (Segment segment : segments) {
      System.arraycopy(segment.tokens(), 0, all, at, segment.tokens().length);
      at += segment.tokens().length;
    }
    return all;
  }

  /// The segments that the policy sampled, in order.
  public List<Sampled> sampled() {
    return segments.stream().filter(Sampled.class::isInstance).map(Sampled.class::cast).toList();
  }

  /// The number of tokens that the policy learns.
  public int numLearned() {
    return sampled().stream().mapToInt(Sampled::numLearned).sum();
  }

  static String kinds(List<Segment> segments) {
    return Arrays.toString(
        segments.stream()
            .map(s -> "%s(%d tokens)".formatted(s.getClass().getSimpleName(), s.tokens().length))
            .toArray());
  }
}
