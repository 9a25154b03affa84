package dev.burnish.link.failure;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// An exception of an endpoint that this process cannot construct, or a checked one that the
/// endpoint does not declare. It has the message, frames and causes of the original.
public final class EndpointFailed extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String type;
  private final @Nullable String original;

  EndpointFailed(String type, Optional<String> message) {
    super(message.map(text -> type + ": " + text).orElse(type));
    this.type = type;
    this.original = message.orElse(null);
  }

  EndpointFailed(Throwable undeclared) {
    super(undeclared.toString(), undeclared);
    this.type = undeclared.getClass().getName();
    this.original = undeclared.getMessage();
  }

  /// The name of the original's class.
  public String type() {
    return type;
  }

  /// The message of the original, if it has one.
  public Optional<String> original() {
    return Optional.ofNullable(original);
  }
}
