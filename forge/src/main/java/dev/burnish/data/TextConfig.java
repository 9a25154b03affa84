package dev.burnish.data;

/// Settings of the conversion of rows to tokens.
///
/// @param maxTokens of one document, or of a prompt with one of its answers
/// @param tooLong what happens to longer ones
/// @param form of rows that have a prompt and an answer as plain texts
/// @param learned which turns of a conversation are learned
/// @param beginToken whether texts that are not chats begin with the tokenizer's begin token even
///   where the tokenizer does not put it there itself
public record TextConfig(
    int maxTokens, TooLong tooLong, Form form, Learned learned, boolean beginToken) {
  /// Handling of a document that is too long.
  public enum TooLong {
    /// It is a bad row.
    REFUSE,
    /// Its first tokens stay; it is a bad row if none of them is learned.
    CUT
  }

  /// The form in which a prompt and its answer are written.
  public enum Form {
    /// As a user's and the assistant's turn, where the model has a chat template.
    CHAT,
    /// One after the other, with the end token after them.
    PLAIN
  }

  /// The tokens that are predicted.
  public enum Learned {
    /// Every turn of the assistant.
    ASSISTANT,
    /// The last of them.
    LAST,
    /// Every token.
    ALL
  }

  public TextConfig {
    if (maxTokens < 2) {
      throw new IllegalArgumentException(
          "text.maxTokens is at least 2: maxTokens=" + maxTokens + "; 1024 is usual");
    }
  }

  public static TextConfig defaults() {
    return new TextConfig(1024, TooLong.REFUSE, Form.CHAT, Learned.ASSISTANT, false);
  }

  public TextConfig withMaxTokens(int value) {
    return new TextConfig(value, tooLong, form, learned, beginToken);
  }

  public TextConfig withTooLong(TooLong value) {
    return new TextConfig(maxTokens, value, form, learned, beginToken);
  }

  public TextConfig withForm(Form value) {
    return new TextConfig(maxTokens, tooLong, value, learned, beginToken);
  }

  public TextConfig withLearned(Learned value) {
    return new TextConfig(maxTokens, tooLong, form, value, beginToken);
  }

  public TextConfig withBeginToken(boolean value) {
    return new TextConfig(maxTokens, tooLong, form, learned, value);
  }
}
