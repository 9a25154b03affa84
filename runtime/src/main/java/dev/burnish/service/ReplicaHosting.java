package dev.burnish.service;

import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.mesh.KeptHosts;
import dev.burnish.mesh.ProcMesh;

/// The source of the processes of replicas.
interface ReplicaHosting {
  /// The process of the service's owner.
  ActorSystem system();

  /// Starts the processes of a replica.
  ///
  /// @throws dev.burnish.mesh.placement.Unplaceable if there is no room
  ProcMesh spawn(String replica);

  /// Ends the processes of a replica.
  void close(ProcMesh procs);

  /// Reports a failure that the service does not handle to the owner of the service.
  void escalate(Failure failure);

  /// Called when the service has ended: its owner need not close it any more.
  void leave();

  /// Hosts that the service keeps processes on.
  ///
  /// @param size of a replica
  record Kept(KeptHosts hosts, ServiceOptions.Size size) implements ReplicaHosting {
    @Override
    public ActorSystem system() {
      return hosts.hosts().system();
    }

    @Override
    public ProcMesh spawn(String replica) {
      ServiceOptions.Room room = size.room();
      return hosts
          .hosts()
          .spawnProcs(replica, size.procs(), size.each(), room.process(), room.placement());
    }

    @Override
    public void close(ProcMesh procs) {
      procs.close();
    }

    @Override
    public void escalate(Failure failure) {
      hosts.escalate(failure);
    }

    @Override
    public void leave() {
      hosts.leave();
    }
  }
}
