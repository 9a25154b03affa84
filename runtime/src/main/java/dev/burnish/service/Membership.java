package dev.burnish.service;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.routing.ReplicaSlot;

/// Who the replicas are, as the calls of one process need to know.
interface Membership<T> {
  /// Returns when what is known here of the replicas may be gone by: at once where they belong to
  /// this process.
  ///
  /// @param call which waits
  /// @param deadline in nanoseconds of the clock
  /// @throws dev.burnish.link.failure.CallFailure if the deadline passes, or the thread is
  ///   interrupted
  void await(String call, long deadline);

  /// A call has seen that a replica is lost.
  void lost(ReplicaSlot<Target<T>> slot, ReplicaLost cause);
}
