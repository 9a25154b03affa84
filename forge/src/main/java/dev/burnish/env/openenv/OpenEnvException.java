package dev.burnish.env.openenv;

/// A server of environments refused a message, gave none, or is lost.
public final class OpenEnvException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String code;

  OpenEnvException(String code, String message) {
    super(message);
    this.code = code;
  }

  OpenEnvException(String code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /// The server's code of the error, such as `EXECUTION_ERROR`; `CONNECTION` if it is ours.
  public String code() {
    return code;
  }
}
