package dev.burnish.hub;

/// The hub, or the way to it, did not give what was asked for. The message has what, where and a
/// cure.
public final class HubException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  HubException(String message) {
    super(message);
  }

  HubException(String message, Throwable cause) {
    super(message + ": " + cause, cause);
  }
}
