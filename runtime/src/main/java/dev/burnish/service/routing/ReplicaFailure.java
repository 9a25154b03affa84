package dev.burnish.service.routing;

import java.time.Instant;

/// How a replica was lost.
///
/// @param replica its number
/// @param reason on one line
public record ReplicaFailure(int replica, Instant when, String reason) {
  /// Such as `replica 1 at 2026-11-28T07:00:00Z: process policy/1/0 was ended by signal 9`.
  @Override
  public String toString() {
    return "replica %d at %s: %s".formatted(replica, when, reason);
  }
}
