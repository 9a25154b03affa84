package dev.burnish.service.routing;

import java.util.List;

/// What the replicas are doing, at one moment, as the process that routes sees it.
///
/// @param numQueued calls that wait, for one replica or any
/// @param numInFlight calls that replicas have
/// @param numSlots calls that healthy replicas take at once
/// @param numSessions open ones
public record Load(
    int numQueued, int numInFlight, int numSlots, int numSessions, List<OfReplica> replicas) {
  /// Of a replica that is healthy or drains.
  public record OfReplica(int replica, int numInFlight, int numQueued, int numSessions) {}

  /// The share of slots that are taken.
  public double utilisation() {
    return numSlots == 0 ? 0 : Math.min(1, (double) numInFlight / numSlots);
  }

  /// The same with calls of other processes, at the same replicas.
  public Load plus(int otherQueued, int otherInFlight) {
    return new Load(
        numQueued + otherQueued, numInFlight + otherInFlight, numSlots, numSessions, replicas);
  }
}
