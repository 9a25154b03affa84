package dev.burnish.data;

import java.io.Serial;

/// Data that cannot be read: the message names the file, the line or row, what is wrong and the
/// remedy.
public final class DataException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  public DataException(String message) {
    super(message);
  }

  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
