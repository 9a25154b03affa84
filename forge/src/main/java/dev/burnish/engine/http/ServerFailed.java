package dev.burnish.engine.http;

/// A server did not answer in time, or failed, or its answer has not the form that it should have.
public final class ServerFailed extends RuntimeException {
  private static final long serialVersionUID = 1;

  ServerFailed(String message) {
    super(message);
  }

  ServerFailed(String message, Throwable cause) {
    super(message, cause);
  }
}
