package dev.burnish.actor;

import dev.burnish.link.LinkSettings;
import java.time.Duration;

/// How the actors of a process and its calls behave.
///
/// @param timeout how long a call waits if it sets no other timeout
/// @param stopping how long an actor has to end its call, and again to close itself
/// @param link how connections behave
public record ActorSystemSettings(Duration timeout, Duration stopping, LinkSettings link) {
  /// @throws IllegalArgumentException if a time is not above zero
  public ActorSystemSettings {
    if (timeout.compareTo(Duration.ZERO) <= 0 || stopping.compareTo(Duration.ZERO) <= 0) {
      throw new IllegalArgumentException(
          "times are above zero: mesh.timeout=%s mesh.stopping=%s".formatted(timeout, stopping));
    }
  }

  /// 10 minutes for a call, 3 s to stop.
  public static ActorSystemSettings defaults() {
    return new ActorSystemSettings(
        Duration.ofMinutes(10), Duration.ofSeconds(3), LinkSettings.defaults());
  }

  /// How long a caller that stops an actor waits: its calls and what it owns have had their time by
  /// then, and the process may need a second to say so.
  public Duration stopped() {
    return stopping.multipliedBy(2).plusSeconds(1);
  }

  /// The same with another timeout of calls.
  public ActorSystemSettings withTimeout(Duration other) {
    return new ActorSystemSettings(other, stopping, link);
  }

  /// The same with other connections.
  public ActorSystemSettings withLink(LinkSettings other) {
    return new ActorSystemSettings(timeout, stopping, other);
  }
}
