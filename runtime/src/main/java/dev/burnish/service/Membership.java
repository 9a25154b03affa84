package dev.burnish.service;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.ServiceKind.ServiceForm;
import dev.burnish.service.routing.ReplicaSlot;
import java.time.Duration;
import java.util.List;

/// The replicas of a service, as one process knows them: in that of the owner a [ReplicaSet],
/// elsewhere a [DirectoryWatcher].
interface Membership {
  /// Returns when the local view of the replicas may be used: at once in the process of the owner.
  ///
  /// @param call that waits, for messages
  /// @param deadline in nanoseconds of the clock
  /// @throws dev.burnish.link.failure.CallFailure if the deadline passes, or the thread is
  ///   interrupted
  void await(Object call, long deadline);

  /// Returns when every initial replica has become healthy or was lost, as far as that is known
  /// here, or the limit has passed.
  void awaitSettled(Duration limit);

  /// Called by a call that has seen that a replica is lost.
  void lost(ReplicaSlot slot, ReplicaLost cause);

  /// The healthy replicas, at the beginning of a change of state: a replica that joins later
  /// restarts the updates that bring it up to date.
  List<ReplicaSlot> forChange();

  /// The form in which the service travels to another process.
  ServiceForm form();

  /// The replicas by number, as far as they are known here.
  List<ReplicaStatus> statuses();

  /// The history since the service began, as far as it is known here.
  History history();
}
