package dev.burnish.text;

/// A tokenizer's files are missing or malformed, or a text cannot be expressed in its vocabulary.
/// The message names the file, the rule that is broken and, where there is one, the remedy.
public final class TokenizerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TokenizerException(String message) {
    super(message);
  }

  public TokenizerException(String message, Throwable cause) {
    super(message, cause);
  }
}
