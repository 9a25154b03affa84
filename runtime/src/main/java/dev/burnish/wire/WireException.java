package dev.burnish.wire;

/// Bytes that do not match their declaration: truncated, malformed, of another type or over a
/// limit.
public final class WireException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// @param message constraint, `name=value`, remedy
  public WireException(String message) {
    super(message);
  }

  /// A failure with its description and the value; the cause says where.
  public WireException(String message, Throwable cause) {
    super(message, cause);
  }
}
