package dev.burnish.service.routing;

import java.util.List;

/// The load of the replicas, at one moment, as the process that routes sees it.
///
/// @param numQueued calls that wait, for one replica or any
/// @param numInFlight calls that replicas have
/// @param numPermits calls that healthy replicas take at once
/// @param numSessions open ones
public record Load(
    int numQueued, int numInFlight, int numPermits, int numSessions, List<OfReplica> replicas) {
  /// The load of a replica that is healthy or drains.
  public record OfReplica(int replica, int numInFlight, int numQueued, int numSessions) {
    static OfReplica of(Candidate replica) {
      return new OfReplica(
          replica.replica(), replica.numInFlight(), replica.numQueued(), replica.numSessions());
    }
  }

  /// The fraction of permits that are in use.
  public double utilisation() {
    return numPermits == 0 ? 0 : Math.min(1, (double) numInFlight / numPermits);
  }

  /// The same with calls of other processes, at the same replicas.
  public Load plus(int otherQueued, int otherInFlight) {
    return new Load(
        numQueued + otherQueued, numInFlight + otherInFlight, numPermits, numSessions, replicas);
  }
}
