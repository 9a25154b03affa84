package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Factory;
import dev.burnish.actor.RemoteActors;
import dev.burnish.actor.Supervisor;
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
/// This is the type that travels as an argument: a holder spawns actors of its own in the processes
/// and cannot end those. Their owner has the [ProcMesh]. Thread-safe.
public sealed class ProcMeshRef permits ProcMesh {
  /// Where to start a process, and with which resources.
  ///
  /// @param holder under which the host has reserved room for it
  record Place(ActorRef agent, Resources resources, Optional<String> holder) {}

  /// The processes of a mesh and of all of its slices.
  ///
  /// @param slots of the processes, by their position in shapes
  /// @param program the owner where no actor spawns, where it is known
  /// @param owner the address at which others ask for them
  /// @param spawned meshes that this program spawned in them
  record Processes(
      String name,
      List<Slot<ProcessRef>> slots,
      ProcSupervision.Tellers tellers,
      Optional<Owner> program,
      ActorRef owner,
      Spawned spawned) {}

  /// Meshes of actors that were spawned in processes and are not closed yet. Thread-safe.
  static final class Spawned {
    private final List<ActorSupervision> meshes = new ArrayList<>();

    private synchronized void add(ActorSupervision mesh) {
      meshes.add(mesh);
    }

    private synchronized void remove(ActorSupervision mesh) {
      meshes.remove(mesh);
    }

    synchronized List<ActorSupervision> all() {
      return List.copyOf(meshes);
    }
  }

  private final ActorSystem system;
  private final Processes processes;
  private final Shape shape;

  ProcMeshRef(ActorSystem system, Processes processes, Shape shape) {
    this.system = system;
    this.processes = processes;
    this.shape = shape;
  }

  static ProcMeshRef reference(ActorSystem system, ProcsForm form) {
    List<Slot<ProcessRef>> slots = new ArrayList<>();
    for (ProcessRef process : form.members()) {
      slots.add(Slot.at(process.address().process(), process));
    }
    return new ProcMeshRef(
        system,
        new Processes(
            form.name(),
            slots,
            new ProcSupervision.Tellers(),
            Optional.empty(),
            form.owner(),
            new Spawned()),
        form.shape());
  }

  /// Spawns an actor in each process; its constructor has no arguments.
  public <T> OwnedMesh<T> spawn(String name, Class<T> type, Factory.Of0<? extends T> factory) {
    return spawn(name, type, factory, List.of(), ActorOptions.defaults());
  }

  /// Spawns an actor of one argument in each process.
  public <T, A> OwnedMesh<T> spawn(
      String name, Class<T> type, Factory.Of1<? extends T, A> factory, A a) {
    return spawn(name, type, factory, List.of(a), ActorOptions.defaults());
  }

  /// Spawns an actor of two arguments in each process.
  public <T, A, B> OwnedMesh<T> spawn(
      String name, Class<T> type, Factory.Of2<? extends T, A, B> factory, A a, B b) {
    return spawn(name, type, factory, List.of(a, b), ActorOptions.defaults());
  }

  /// Spawns an actor of three arguments in each process.
  public <T, A, B, C> OwnedMesh<T> spawn(
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
  public <T> OwnedMesh<T> spawn(
      String name, Class<T> type, Factory factory, List<?> arguments, ActorOptions options) {
    Owner owner = Owner.current(processes.program());
    RemoteActors.Blueprint blueprint = system.blueprint(type, factory, arguments);
    ActorSupervision supervised =
        new ActorSupervision(system, owner, blueprint, name, shape, this, options);
    OwnedMesh<T> mesh = new OwnedMesh<>(system, type, supervised);
    processes.spawned().add(supervised);
    owner.own(mesh);
    supervised.onClosed(() -> {
      processes.spawned().remove(supervised);
      owner.disown(mesh);
    });
    supervised.start();
    return mesh;
  }

  /// The processes of a range of an axis.
  public ProcMeshRef slice(String axis, int from, int to) {
    return reshaped(s -> s.slice(axis, from, to));
  }

  /// The processes at one place of an axis.
  public ProcMeshRef at(String axis, int index) {
    return reshaped(s -> s.at(axis, index));
  }

  /// The same processes along other axes.
  public ProcMeshRef reshaped(UnaryOperator<Shape> change) {
    return new ProcMeshRef(system, processes, change.apply(shape));
  }

  /// Waits until every process answers.
  ///
  /// @throws ReplicaLost if one cannot be started
  public void await() {
    for (int position : shape.positions()) {
      processes.slots().get(position).get();
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

  /// The process ids in the operating systems, by rank.
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

  /// The form in which the mesh travels to another process, once every process has started.
  ///
  /// @throws dev.burnish.link.failure.CallTimedOut if one has not started by then
  ProcsForm form(Deadline deadline) {
    List<ProcessRef> members = new ArrayList<>();
    processes.slots().forEach(slot -> members.add(slot.get(deadline)));
    return new ProcsForm(processes.name(), shape, members, processes.owner());
  }

  Slot<ProcessRef> slot(int rank) {
    return processes.slots().get(shape.position(rank));
  }

  /// A replacement for a lost process, from the owner of the mesh: the same process, if it still
  /// answers.
  ///
  /// @throws ReplicaLost if no process can be started, or the owner or its mesh is gone
  ProcessRef renew(int rank, ProcessRef lost) {
    int position = shape.position(rank);
    ProcessRef found =
        new ProcessRef(system.remote().locate(processes.owner(), position).process(), lost.agent());
    processes.slots().get(position).settle(found);
    return found;
  }

  /// Whether the owner may have restarted processes without this handle knowing.
  boolean isHeld() {
    return true;
  }

  /// How a process ended, as far as its host knows.
  Optional<Exit> exit(ProcessRef process) {
    return Agents.exit(system, process, Duration.ofSeconds(1));
  }

  /// See [ProcSupervision.Tellers#occupy].
  void occupy(ProcessRef process) {
    processes.tellers().occupy(process);
  }

  /// See [ProcSupervision.Tellers#await].
  boolean awaitStart(int rank) {
    return processes.tellers().await(shape.position(rank));
  }

  /// The reason of a lost process, with its exit if that is known.
  static Failure failure(Supervisor.Place place, Optional<Exit> exit, ReplicaLost cause) {
    return exit.map(e -> new Failure(place, e.describe(), e.log()))
        .orElseGet(() -> new Failure(place, String.valueOf(cause.getMessage()), List.of()));
  }
}
