package dev.burnish.mesh;

import dev.burnish.actor.ActorSystem;
import dev.burnish.launch.Exit;
import dev.burnish.mesh.host.ProcessRef;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Processes owned by their spawner: a [ProcMeshRef] that can also be ended.
///
/// As an argument, result or part of one it travels as a [ProcMeshRef]: so it is declared there,
/// and the receiver cannot end the processes. An endpoint that declares a `ProcMesh` is refused
/// when its actor is spawned. Thread-safe.
public final class ProcMesh extends ProcMeshRef implements AutoCloseable {
  private final ActorSystem system;
  private final Processes processes;
  private final ProcSupervision supervision;

  private ProcMesh(
      ActorSystem system, Processes processes, ProcSupervision supervision, Shape shape) {
    super(system, processes, shape);
    this.system = system;
    this.processes = processes;
    this.supervision = supervision;
  }

  /// Starts processes for an owner, all at once; returns immediately.
  static ProcMesh spawn(
      ActorSystem system,
      Owner owner,
      Optional<Owner> program,
      String name,
      Shape shape,
      List<Place> places) {
    ProcSupervision supervision = new ProcSupervision(system, owner, name, shape, places);
    Processes processes =
        new Processes(
            name,
            supervision.slots(),
            supervision.tellers(),
            program,
            supervision.address(),
            new Spawned());
    ProcMesh mesh = new ProcMesh(system, processes, supervision, shape);
    owner.own(mesh);
    supervision.onClosed(() -> owner.disown(mesh));
    supervision.start();
    return mesh;
  }

  /// Ends the processes at once, whatever they do, and returns how those ended that had ended
  /// before. The owners of actors spawned in them are told that these are lost.
  ///
  /// @param patience how long to wait for the exit of one whose connection is lost
  public List<Exit> kill(Duration patience) {
    return supervision.kill(patience);
  }

  /// Stops the actors spawned in the processes, also in slices of them, then ends the processes.
  /// Does nothing the second time.
  @Override
  public void close() {
    system
        .closing(system.settings().stopped())
        .lastFirst(
            processes.name(),
            processes.spawned().all().stream()
                .<AutoCloseable>map(actors -> actors::close)
                .toList());
    supervision.close();
  }

  @Override
  ProcessRef renew(int rank, ProcessRef lost) {
    return supervision.renew(shape().position(rank), lost);
  }

  @Override
  boolean isHeld() {
    return false;
  }
}
