package dev.burnish.text;

/// A chat template is malformed, or refuses a conversation.
public final class ChatTemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  ChatTemplateException(String message, String reason, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /// The message that the template raised, without its line number.
  public String reason() {
    return reason;
  }
}
