package dev.burnish.service.directory;

import dev.burnish.actor.Concurrent;
import dev.burnish.mesh.MeshKind.ActorsForm;
import dev.burnish.service.routing.ReplicaFailure;
import java.time.Instant;
import java.util.List;

/// The replicas of a service, for processes that received its handle.
public interface ReplicaDirectory {
  /// The members, as soon as they differ from those that the watcher knows, or after a while.
  @Concurrent
  Members after(Report report);

  /// The members at once.
  @Concurrent
  Members now(Report report);

  /// The members that a change of state goes to: a replica that joins later has it already.
  @Concurrent
  Members forChange(Report report);

  /// The report that a process that calls the service sends with its request.
  ///
  /// @param watcher that asks
  /// @param version of the members that it uses
  /// @param numQueued calls that wait there
  /// @param numInFlight calls from there that replicas have
  /// @param holding numbers of the replicas that drain and still have calls or sessions from there
  record Report(
      WatcherId watcher, long version, int numQueued, int numInFlight, List<Integer> holding) {}

  /// @param process in which it is
  /// @param id a number of its own, as another process may get the same name
  record WatcherId(String process, String id) {}

  /// @param version grows with every change
  record Members(long version, List<Entry> entries, List<FailureForm> lost, Phase phase) {}

  /// A replica that takes calls.
  record Entry(int replica, int generation, Standing standing, ActorsForm actors) {
    Entry draining() {
      return new Entry(replica, generation, Standing.DRAINING, actors);
    }
  }

  /// Which calls a replica takes.
  enum Standing {
    /// All.
    SERVING,
    /// Those of its sessions.
    DRAINING
  }

  /// The phase of the service.
  sealed interface Phase {
    /// It takes calls.
    record Serving() implements Phase {}

    /// It takes no further calls, and lets accepted ones end.
    record Closing(String why) implements Phase {}

    /// The service has ended.
    record Ended(String why) implements Phase {}
  }

  /// A loss, in a form that travels.
  record FailureForm(int replica, long millis, String reason) {
    static FailureForm of(ReplicaFailure failure) {
      return new FailureForm(failure.replica(), failure.when().toEpochMilli(), failure.reason());
    }

    /// The loss.
    public ReplicaFailure failure() {
      return new ReplicaFailure(replica, Instant.ofEpochMilli(millis), reason);
    }
  }
}
