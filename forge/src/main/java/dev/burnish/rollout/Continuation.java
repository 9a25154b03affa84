package dev.burnish.rollout;

import java.util.Arrays;

/// Tokens after a prompt, whose log-probabilities are asked for.
///
/// @param tokens at least one
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record Continuation(Prompt prompt, int[] tokens) {
  public Continuation {
    if (tokens.length == 0) {
      throw new IllegalArgumentException(
          "a continuation must have a token: tokens=0; give those to be scored");
    }
  }

  /// All tokens of a sequence except the first, before which nothing stands: what other engines
  /// call the log-probabilities of a prompt, or its echo.
  ///
  /// @throws IllegalArgumentException if there are fewer than two
  public static Continuation ofAll(int... sequence) {
    return new Continuation(
        Prompt.tokens(Arrays.copyOf(sequence, 1)),
        Arrays.copyOfRange(sequence, 1, Math.max(1, sequence.length)));
  }
}
