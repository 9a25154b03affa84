package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Simulation;
import dev.burnish.launch.Exit;
import dev.burnish.launch.Resources;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.host.ProcessRef;
import dev.burnish.mesh.placement.HostFree;
import dev.burnish.mesh.placement.Reservation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// A host of a simulation: its agent starts processes of the simulation and observes how they end.
final class SimulatedHost implements HostAgent {
  private final Simulation simulation;
  private final String host;
  private final ActorSystem system;
  private final List<String> started = new ArrayList<>();

  SimulatedHost(Simulation simulation, String host) {
    this.simulation = simulation;
    this.host = host;
    this.system = simulation.waitingProcess("host/" + host, host);
    system.serve(NUMBER, "host", HostAgent.class, this);
  }

  ActorRef agent() {
    return new ActorRef(system.self(), NUMBER);
  }

  /// Processes that were started here.
  List<String> started() {
    return started;
  }

  /// Ends a process, which the agent observes.
  void crash(String process) {
    simulation.crash(process);
    system
        .switchboard()
        .existing(process)
        .ifPresent(link -> link.lose(new ReplicaLost(process + " was ended by signal 9")));
  }

  /// Ends the host with everything on it.
  void crash() {
    started.forEach(simulation::crash);
    simulation.crash(system.self().process());
  }

  @Override
  public HostFree free() {
    throw new UnsupportedOperationException("a simulated host has all the room that is asked for");
  }

  @Override
  public Optional<List<List<Integer>>> reserve(
      Reservation reservation, int mostProcesses, ProcessAddress owner) {
    return Optional.of(Collections.nCopies(reservation.count(), List.of()));
  }

  @Override
  public void release(String holder) {}

  @Override
  public ProcessRef start(
      String name, Resources resources, Optional<String> holder, ProcessAddress owner) {
    started.add(name);
    ActorSystem process = simulation.waitingProcess(name, host);
    return new ProcessRef(process.self(), agent());
  }

  @Override
  public void ready(ProcessAddress process) {}

  @Override
  public Optional<Exit> exit(String process, long millis) {
    return simulation.isCrashed(process)
        ? Optional.of(new Exit(process, 137, Optional.of(9), List.of()))
        : Optional.empty();
  }

  @Override
  public void end(String process, long graceMillis) {
    if (!simulation.isCrashed(process)) {
      crash(process);
    }
  }

  @Override
  public List<ProcessStatus> processes() {
    return List.of();
  }

  @Override
  public List<String> log(String process) {
    return List.of();
  }
}
