package dev.burnish.service.routing;

import dev.burnish.link.failure.ReplicaLost;

/// Whether calls are accepted. Guarded by the lock of its dispatcher.
final class Admission {
  private enum State {
    OPEN,
    /// No replica will come back by itself: calls fail unless one does.
    GIVEN_UP,
    /// Further calls fail, waiting calls do not.
    CLOSED
  }

  private final String service;
  private final FailureLog failures;
  private State state = State.OPEN;
  private String reason = "";

  Admission(String service, FailureLog failures) {
    this.service = service;
    this.failures = failures;
  }

  /// @throws ReplicaLost if calls are not accepted
  void check(boolean noneHealthy) {
    switch (state) {
      case OPEN -> {}
      case GIVEN_UP -> {
        if (noneHealthy) {
          throw new ReplicaLost(
              "no replica of service %s will come back by itself%s"
                  .formatted(service, failures.text()));
        }
      }
      case CLOSED ->
          throw new ReplicaLost("service %s takes no calls: %s".formatted(service, reason));
    }
  }

  /// Notes that no replica will come back by itself; returns whether that is new.
  boolean giveUp() {
    boolean wasOpen = state == State.OPEN;
    state = wasOpen ? State.GIVEN_UP : state;
    return wasOpen;
  }

  /// Notes that a replica may become healthy.
  void expectReplica() {
    state = state == State.GIVEN_UP ? State.OPEN : state;
  }

  void close(String why) {
    state = State.CLOSED;
    reason = why;
  }
}
