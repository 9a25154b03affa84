package dev.burnish.hub;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/// A request to the hub failed, at the hub or on the way to it. The message says what, where and
/// how to fix it.
public final class HubException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean cacheHelps;

  HubException(String message) {
    super(message);
    cacheHelps = false;
  }

  HubException(String message, Throwable cause) {
    super(message + ": " + said(cause), cause);
    cacheHelps = cause instanceof IOException && !(cause instanceof SSLException);
  }

  private HubException(String message, boolean cacheHelps) {
    super(message);
    this.cacheHelps = cacheHelps;
  }

  /// The hub does not give a model to this user, or has none of that name.
  static HubException refused(String message) {
    return new HubException(message, true);
  }

  /// Whether a model that is in the cache already serves instead, by the rules of the hub's own
  /// client.
  boolean cacheHelps() {
    return cacheHelps;
  }

  /// The message of a failure, or words of ours where it has none, as for a refused connection.
  static String said(Throwable cause) {
    String text = String.valueOf(cause.getMessage());
    return switch (cause) {
      case HttpTimeoutException _ -> "no answer in time";
      case ConnectException _ when isUnresolved(cause) -> "the name of the host is not known";
      case ConnectException _ when cause.getMessage() == null -> "the connection was refused";
      case IOException _ when cause.getMessage() != null -> text;
      default -> cause.toString();
    };
  }

  private static boolean isUnresolved(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .limit(10)
        .anyMatch(UnresolvedAddressException.class::isInstance);
  }
}
