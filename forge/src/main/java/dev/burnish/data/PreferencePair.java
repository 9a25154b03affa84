package dev.burnish.data;

import java.util.Arrays;

/// A preferred and a rejected answer to one prompt, as tokens.
///
/// @param id where it came from, such as `train.jsonl:17`
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record PreferencePair(int[] prompt, int[] chosen, int[] rejected, String id) {
  public PreferencePair {
    if (prompt.length == 0 || chosen.length == 0 || rejected.length == 0) {
      throw new IllegalArgumentException(
          "a pair must have a prompt and two answers: id=%s prompt=%d chosen=%d rejected=%d tokens"
              .formatted(id, prompt.length, chosen.length, rejected.length));
    }
    if (Arrays.equals(chosen, rejected)) {
      throw new IllegalArgumentException(
          "the chosen and the rejected answer must differ: id=%s tokens=%d"
              .formatted(id, chosen.length));
    }
  }

  /// The number of tokens that go through the model: the prompt's count once.
  public int numTokens() {
    return prompt.length + chosen.length + rejected.length;
  }

  /// A number that depends on the prompt alone: pairs of one prompt have equal ones.
  public long promptKey() {
    return TokenizedExample.key(prompt);
  }

  /// A number that depends on the chosen answer alone.
  public long chosenKey() {
    return TokenizedExample.key(chosen);
  }

  /// A number that depends on the rejected answer alone.
  public long rejectedKey() {
    return TokenizedExample.key(rejected);
  }
}
