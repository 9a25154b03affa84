package dev.burnish.rollout;

import java.util.List;

/// The completions of one prompt, as a generator returns them.
///
/// @param prompt token ids that every completion continues
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record Group(int[] prompt, List<Completion> completions) {
  public Group {
    completions = List.copyOf(completions);
    if (prompt.length == 0 || completions.isEmpty()) {
      throw new IllegalArgumentException(
          "a group must have a prompt and completions: prompt=%d tokens completions=%d"
              .formatted(prompt.length, completions.size()));
    }
  }

  public int size() {
    return completions.size();
  }
}
