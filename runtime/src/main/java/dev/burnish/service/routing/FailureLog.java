package dev.burnish.service.routing;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The last failure of each replica that is not back. Thread-safe.
public final class FailureLog {
  private final SortedMap<Integer, ReplicaFailure> failures = new TreeMap<>();

  /// A replica is lost, or could not be made.
  public synchronized void note(ReplicaFailure failure) {
    failures.put(failure.replica(), failure);
  }

  /// It is known better now why a replica was lost.
  public synchronized void explain(ReplicaFailure failure) {
    failures.computeIfPresent(failure.replica(), (replica, before) -> failure);
  }

  /// A replica is back, or gone for good.
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
