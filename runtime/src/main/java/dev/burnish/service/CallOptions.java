package dev.burnish.service;

import java.time.Duration;
import java.util.Optional;

/// How the calls of a stub are made.
///
/// @param timeout from when a call is made until its answer arrives, waiting included
/// @param priority among calls that wait: higher ones go first
/// @param key for which the router has a replica, such as the beginning of a prompt
public record CallOptions(Duration timeout, int priority, Optional<String> key) {
  /// @throws IllegalArgumentException if the timeout is not above zero
  public CallOptions {
    if (timeout.compareTo(Duration.ZERO) <= 0) {
      throw new IllegalArgumentException("a call must have some time: service.timeout=" + timeout);
    }
  }

  /// The same with another deadline.
  public CallOptions within(Duration limit) {
    return new CallOptions(limit, priority, key);
  }

  /// The same with another priority.
  public CallOptions withPriority(int other) {
    return new CallOptions(timeout, other, key);
  }

  /// The same for calls of a key.
  public CallOptions withKey(String other) {
    return new CallOptions(timeout, priority, Optional.of(other));
  }
}
