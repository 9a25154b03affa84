package dev.burnish.tools;

/// A tool cannot do its work: its sandbox, process or server was lost. That says nothing of the
/// call, so the episode has no result; it is never told to the model, and never a reward of 0.
public final class ToolUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  public ToolUnavailable(String message) {
    super(message);
  }

  public ToolUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
