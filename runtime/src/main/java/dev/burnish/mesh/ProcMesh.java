package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Factory;
import dev.burnish.actor.RemoteActors;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.concurrent.Scope;
import dev.burnish.launch.Exit;
import dev.burnish.launch.Resources;
import dev.burnish.link.Deadline;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.MeshKind.ProcsForm;
import dev.burnish.mesh.host.Agents;
import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.host.ProcessRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Processes, along the axes of their hosts and then their own. Actors are spawned in all of them.
///
/// Whoever spawned it owns it, and ends it with [#close()]; a mesh that came as an argument is only
/// used.
public final class ProcMesh implements AutoCloseable {
  /// Where to start a process, and with what.
  ///
  /// @param holder under which the host has kept room for it
  record Place(ActorRef agent, Resources resources, Optional<String> holder) {}

  private final ActorSystem system;
  private final String name;
  private final Shape shape;
  private final List<Slot<ProcessRef>> slots;
  private final Optional<ProcSupervision> supervision;
  private final ProcSupervision.Tellers tellers;
  private final Optional<Owner> program;
  private final ActorRef owner;
  private final List<ActorSupervision> spawned = new ArrayList<>();

  private ProcMesh(
      ActorSystem system,
      String name,
      Shape shape,
      List<Slot<ProcessRef>> slots,
      Optional<ProcSupervision> supervision,
      ProcSupervision.Tellers tellers,
      Optional<Owner> program,
      ActorRef owner) {
    this.system = system;
    this.name = name;
    this.shape = shape;
    this.slots = slots;
    this.supervision = supervision;
    this.tellers = tellers;
    this.program = program;
    this.owner = owner;
  }

  static ProcMesh spawn(
      ActorSystem system,
      Owner owner,
      Optional<Owner> program,
      String name,
      Shape shape,
      List<Place> places) {
    ProcSupervision supervision = new ProcSupervision(system, owner, name, shape, places);
    ProcMesh mesh =
        new ProcMesh(
            system,
            name,
            shape,
            supervision.slots(),
            Optional.of(supervision),
            supervision.tellers(),
            program,
            supervision.address());
    owner.own(mesh);
    supervision.onClosed(() -> owner.disown(mesh));
    supervision.start();
    return mesh;
  }

  static ProcMesh reference(ActorSystem system, ProcsForm form) {
    List<Slot<ProcessRef>> slots = new ArrayList<>();
    for (ProcessRef process : form.members()) {
      slots.add(Slot.at(process.address().process(), process));
    }
    return new ProcMesh(
        system,
        form.name(),
        form.shape(),
        slots,
        Optional.empty(),
        new ProcSupervision.Tellers(),
        Optional.empty(),
        form.owner());
  }

  /// Spawns an actor in each process; its constructor has no arguments.
  public <T> ActorMesh<T> spawn(String name, Class<T> type, Factory.Of0<? extends T> factory) {
    return spawn(name, type, factory, List.of(), ActorOptions.defaults());
  }

  /// Spawns an actor of one argument in each process.
  public <T, A> ActorMesh<T> spawn(
      String name, Class<T> type, Factory.Of1<? extends T, A> factory, A a) {
    return spawn(name, type, factory, List.of(a), ActorOptions.defaults());
  }

  /// Spawns an actor of two arguments in each process.
  public <T, A, B> ActorMesh<T> spawn(
      String name, Class<T> type, Factory.Of2<? extends T, A, B> factory, A a, B b) {
    return spawn(name, type, factory, List.of(a, b), ActorOptions.defaults());
  }

  /// Spawns an actor of three arguments in each process.
  public <T, A, B, C> ActorMesh<T> spawn(
      String name, Class<T> type, Factory.Of3<? extends T, A, B, C> factory, A a, B b, C c) {
    return spawn(name, type, factory, List.of(a, b, c), ActorOptions.defaults());
  }

  /// Spawns an actor in each process, all at once. Checks types and arguments and returns; the
  /// actors are constructed in their processes meanwhile, and calls wait for that. A constructor
  /// that fails is a failure of the mesh.
  ///
  /// @param type the interface of the actors; all its methods are endpoints
  /// @param arguments of the factory, each process gets a copy
  /// @throws IllegalArgumentException if the type of an endpoint, or an argument, does not travel
  public <T> ActorMesh<T> spawn(
      String name, Class<T> type, Factory factory, List<?> arguments, ActorOptions options) {
    Owner owner = Owner.current(program);
    RemoteActors.Blueprint blueprint = system.blueprint(type, factory, arguments);
    ActorSupervision supervised =
        new ActorSupervision(system, owner, blueprint, name, shape, this, options);
    ActorMesh<T> mesh = ActorMesh.owned(system, type, supervised);
    own(supervised);
    owner.own(mesh);
    supervised.onClosed(() -> {
      disown(supervised);
      owner.disown(mesh);
    });
    supervised.start();
    return mesh;
  }

  /// The processes of a range of an axis.
  public ProcMesh slice(String axis, int from, int to) {
    return reshaped(s -> s.slice(axis, from, to));
  }

  /// The processes of one place of an axis.
  public ProcMesh at(String axis, int index) {
    return reshaped(s -> s.at(axis, index));
  }

  /// The same processes along other axes.
  public ProcMesh reshaped(UnaryOperator<Shape> change) {
    return new ProcMesh(
        system, name, change.apply(shape), slots, Optional.empty(), tellers, program, owner);
  }

  /// Waits until every process answers.
  ///
  /// @throws ReplicaLost if one cannot be started
  public void await() {
    for (int position : shape.positions()) {
      slots.get(position).get();
    }
  }

  /// The number of processes.
  public int size() {
    return shape.size();
  }

  /// Axes and sizes.
  public Shape shape() {
    return shape;
  }

  /// The numbers of the processes with their operating systems, by rank.
  public List<Long> pids() {
    await();
    List<Integer> ranks = new ArrayList<>();
    for (int rank = 0; rank < size(); rank++) {
      ranks.add(rank);
    }
    return Scope.map(ranks, this::pid);
  }

  private long pid(int rank) {
    ProcessRef process = slot(rank).get();
    return Agents.host(system, process.agent()).processes().stream()
        .filter(status -> status.process().equals(process.address().process()))
        .mapToLong(HostAgent.ProcessStatus::pid)
        .findFirst()
        .orElseThrow(() -> new ReplicaLost("the process has ended: process=" + process.address()));
  }

  /// Ends the processes at once, whatever they do, and tells how those ended that had ended before.
  /// What was spawned in them is told that it is lost.
  ///
  /// @param patience how long to wait for the exit of one whose connection is lost
  /// @throws IllegalStateException if this is a slice, or came as an argument
  public List<Exit> kill(Duration patience) {
    return owned().kill(patience);
  }

  /// Stops what was spawned in the processes, then ends them. Does nothing the second time.
  ///
  /// @throws IllegalStateException if this is a slice, or came as an argument
  @Override
  public void close() {
    ProcSupervision owned = owned();
    system
        .closing(system.settings().stopped())
        .lastFirst(name, copy().stream().<AutoCloseable>map(actors -> actors::close).toList());
    owned.close();
  }

  private void own(ActorSupervision actors) {
    synchronized (spawned) {
      spawned.add(actors);
    }
  }

  private void disown(ActorSupervision actors) {
    synchronized (spawned) {
      spawned.remove(actors);
    }
  }

  private List<ActorSupervision> copy() {
    synchronized (spawned) {
      return List.copyOf(spawned);
    }
  }

  private ProcSupervision owned() {
    return supervision.orElseThrow(() ->
        new IllegalStateException(
            "only the owner of processes ends them, and all at once: mesh=%s; close the mesh that spawnProcs returned"
                .formatted(name)));
  }

  /// What names it to another process, once all are somewhere.
  ///
  /// @throws dev.burnish.link.failure.CallTimedOut if one is nowhere by then
  ProcsForm form(Deadline deadline) {
    List<ProcessRef> members = new ArrayList<>();
    slots.forEach(slot -> members.add(slot.get(deadline)));
    return new ProcsForm(name, shape, members, owner);
  }

  Slot<ProcessRef> slot(int rank) {
    return slots.get(shape.position(rank));
  }

  /// A process in place of one that is lost: the same, if it still answers. Where this came as an
  /// argument, or is a slice, its owner is asked.
  ///
  /// @throws ReplicaLost if no process can be started, or the owner or its mesh is gone
  ProcessRef renew(int rank, ProcessRef lost) {
    int position = shape.position(rank);
    if (supervision.isPresent()) {
      return supervision.get().renew(position, lost);
    }
    ProcessRef found =
        new ProcessRef(system.remote().locate(owner, position).process(), lost.agent());
    slots.get(position).settle(found);
    return found;
  }

  /// Whether the owner may have started processes anew that this does not know of.
  boolean isHeld() {
    return supervision.isEmpty();
  }

  /// How a process ended, as far as its host knows.
  Optional<Exit> exit(ProcessRef process) {
    return Agents.exit(system, process, Duration.ofSeconds(1));
  }

  /// See [ProcSupervision.Tellers#occupy].
  void occupy(ProcessRef process) {
    tellers.occupy(process);
  }

  /// See [ProcSupervision.Tellers#await].
  boolean awaitStart(int rank) {
    return tellers.await(shape.position(rank));
  }

  /// The reason of a lost process, with its exit if that is known.
  static Failure failure(
      dev.burnish.actor.Supervisor.Place place, Optional<Exit> exit, ReplicaLost cause) {
    return exit.map(e -> new Failure(place, e.describe(), e.log()))
        .orElseGet(() -> new Failure(place, String.valueOf(cause.getMessage()), List.of()));
  }
}
