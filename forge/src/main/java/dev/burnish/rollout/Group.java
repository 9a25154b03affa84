package dev.burnish.rollout;

import java.util.List;
import java.util.Optional;

/// The completions of one prompt, as a generator returns them.
///
/// @param prompt token ids that every completion continues
/// @param madeBy the generator, where it says which it is
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record Group(int[] prompt, List<Completion> completions, Optional<String> madeBy) {
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
    this(prompt, completions, Optional.empty());
  }

  /// The same with the generator that made it.
  public Group madeBy(String generator) {
    return new Group(prompt, completions, Optional.of(generator));
  }

  public int size() {
    return completions.size();
  }
}
