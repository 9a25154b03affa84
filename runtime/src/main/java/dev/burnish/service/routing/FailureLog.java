package dev.burnish.service.routing;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The last failure of each replica that has not come back. Thread-safe.
public final class FailureLog {
  private final SortedMap<Integer, ReplicaFailure> failures = new TreeMap<>();

  /// Notes that a replica is lost, or could not be made.
  public synchronized void note(ReplicaFailure failure) {
    failures.put(failure.replica(), failure);
  }

  /// Replaces the reason for which a replica was lost by a better one.
  public synchronized void explain(ReplicaFailure failure) {
    failures.computeIfPresent(failure.replica(), (replica, before) -> failure);
  }

  /// Forgets the failure of a replica that is back, or gone for good.
  public synchronized void forget(int replica) {
    failures.remove(replica);
  }

  /// All, by number.
  public synchronized List<ReplicaFailure> all() {
    return List.copyOf(failures.values());
  }

  /// All, for the end of a message; empty if there is none.
  synchronized String text() {
    return failures.isEmpty()
        ? ""
        : failures.values().stream()
            .map(ReplicaFailure::toString)
            .collect(Collectors.joining("; ", "; ", ""));
  }
}
