package dev.burnish.sandbox;

/// This machine has no sandbox: the message says why, and what to do.
public final class SandboxUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  SandboxUnavailable(String message) {
    super(message);
  }

  SandboxUnavailable(String message, Throwable cause) {
    super(message, cause);
  }
}
