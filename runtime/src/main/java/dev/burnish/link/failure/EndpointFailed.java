package dev.burnish.link.failure;

/// An exception of an endpoint whose class this process cannot make. It has the message, frames and
/// causes of the original.
public final class EndpointFailed extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String type;

  EndpointFailed(String type, String message) {
    super(type + ": " + message);
    this.type = type;
  }

  EndpointFailed(String type, String message, Throwable cause) {
    super(type + ": " + message, cause);
    this.type = type;
  }

  /// The name of the original's class.
  public String type() {
    return type;
  }
}
