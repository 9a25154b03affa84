package dev.burnish.rollout;

import java.util.List;

/// A text, a chat or tokens for a generator to continue.
public sealed interface Prompt {
  /// A plain text, which gets the tokens that the tokenizer puts before every text.
  record Text(String text) implements Prompt {}

  /// A conversation, written by the model's chat template up to where the assistant begins.
  record Chat(List<Turn> turns) implements Prompt {
    public Chat {
      turns = List.copyOf(turns);
      if (turns.isEmpty()) {
        throw new IllegalArgumentException("a chat must have turns: turns=0; give at least one");
      }
    }
  }

  /// Token ids, taken as they are.
  @SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
  record Tokens(int[] ids) implements Prompt {}

  /// One turn of a chat.
  ///
  /// @param role who speaks: `system`, `user`, `assistant`, `tool`
  record Turn(String role, String content) {}

  /// A plain text.
  static Prompt text(String text) {
    return new Text(text);
  }

  /// A chat of one message, by the user.
  static Prompt user(String content) {
    return new Chat(List.of(new Turn("user", content)));
  }

  /// Token ids.
  static Prompt tokens(int... ids) {
    return new Tokens(ids);
  }
}
