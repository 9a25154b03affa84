package dev.burnish.env.code;

/// Sandboxes failed, not the program in them: its worth is not known. A reward that throws it masks
/// the completion.
public final class SandboxLost extends RuntimeException {
  private static final long serialVersionUID = 1;

  SandboxLost(String message) {
    super(message);
  }
}
