package dev.burnish.service.routing;

/// A replica as a router sees it, at the moment of its choice.
public interface Candidate {
  /// Its number within the service.
  int replica();

  /// Calls that it has received and has not answered.
  int numInFlight();

  /// Calls that wait for this replica and no other.
  int numQueued();

  /// Sessions that are bound to it.
  int numSessions();

  /// Calls in flight and queued.
  default int load() {
    return numInFlight() + numQueued();
  }
}
