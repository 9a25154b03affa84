package dev.burnish.rollout;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The completions of one prompt, as a generator returns them.
///
/// @param prompt token ids that every completion continues
/// @param unchosenTokens tokens of the samples that best-of drew and did not choose: they were
///   computed like the others, and are in no completion
/// @param madeBy the generator, where it says which it is
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record Group(
    int[] prompt, List<Completion> completions, long unchosenTokens, Optional<String> madeBy) {
  public Group {
    completions = List.copyOf(completions);
    if (prompt.length == 0 || completions.isEmpty()) {
      throw new IllegalArgumentException(
          "a group must have a prompt and completions: prompt=%d tokens completions=%d"
              .formatted(prompt.length, completions.size()));
    }
  }

  /// A group of a generator that does not say which it is.
  public Group(int[] prompt, List<Completion> completions) {
    this(prompt, completions, 0, Optional.empty());
  }

  /// The group of the `n` samples of greatest cumulative log-probability, best first, equals by
  /// index; of all samples, in their order, if there are no more.
  public static Group bestOf(int[] prompt, List<Completion> samples, int n) {
    if (samples.size() <= n) {
      return new Group(prompt, samples);
    }
    List<Completion> sorted =
        samples.stream()
            .sorted(Comparator.comparingDouble(Completion::cumulativeLogprob).reversed())
            .toList();
    long unchosen =
        sorted.stream().skip(n).mapToLong(completion -> completion.tokens().length).sum();
    return new Group(prompt, sorted.subList(0, n), unchosen, Optional.empty());
  }

  /// The same with the generator that made it.
  public Group madeBy(String generator) {
    return new Group(prompt, completions, unchosenTokens, Optional.of(generator));
  }

  public int size() {
    return completions.size();
  }
}
