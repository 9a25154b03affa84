package dev.burnish.config;

import org.jspecify.annotations.Nullable;

/// A configuration that cannot be used: the message is one line that names the key, the value and
/// the fix.
public final class ConfigException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  ConfigException(String message) {
    super(message);
  }

  ConfigException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
