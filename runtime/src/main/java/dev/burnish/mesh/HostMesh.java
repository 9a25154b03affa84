package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.launch.Resources;
import dev.burnish.mesh.MeshKind.HostsForm;
import dev.burnish.mesh.placement.Demand;
import dev.burnish.mesh.placement.HostFree;
import dev.burnish.mesh.placement.Placement;
import dev.burnish.mesh.placement.Unplaceable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/// The hosts of a job, along the axis `hosts`. Processes are spawned on all of them.
///
/// A mesh of hosts may travel: it ends nothing. The hosts are the [Job]'s, and processes spawned
/// there belong to the actor whose code spawns them, else to the program.
public final class HostMesh {
  private final ActorSystem system;
  private final Shape shape;
  private final List<ActorRef> agents;
  private final Optional<Owner> program;

  HostMesh(ActorSystem system, Shape shape, List<ActorRef> agents) {
    this(system, shape, agents, Optional.empty());
  }

  HostMesh(ActorSystem system, Shape shape, List<ActorRef> agents, Optional<Owner> program) {
    this.system = system;
    this.shape = shape;
    this.agents = List.copyOf(agents);
    this.program = program;
  }

  /// Spawns light processes named `procs`.
  ///
  /// @param perHost sizes of further axes, such as `gpus`
  public ProcMesh spawnProcs(Map<String, Integer> perHost) {
    return spawnProcs("procs", perHost, index -> Resources.light());
  }

  /// Spawns processes, all at once. Returns immediately: a call that needs a process waits for it.
  ///
  /// @param name put before the rank in the names of the processes and the prefix of their output
  /// @param perHost sizes of further axes; a map of several must have an order
  /// @param resources of the process of each number within its host
  /// @throws IllegalArgumentException if an axis has no place
  public ProcMesh spawnProcs(
      String name, Map<String, Integer> perHost, IntFunction<Resources> resources) {
    Shape procs = shape.append(perHost);
    int numPerHost = Shape.of(perHost).size();
    List<ProcMeshRef.Place> places = new ArrayList<>();
    for (int rank = 0; rank < procs.size(); rank++) {
      places.add(
          new ProcMeshRef.Place(
              agents.get(shape.position(rank / numPerHost)),
              resources.apply(rank % numPerHost),
              Optional.empty()));
    }
    return ProcMesh.spawn(system, owner(), program, name, procs, places);
  }

  /// Spawns processes where there is room for them, along the axis `procs`, all at once. The
  /// resources are reserved for them until the mesh is closed.
  ///
  /// @param each resources that every process has for itself
  /// @param process settings of every process; its reserved devices are added
  /// @throws Unplaceable if there is no room: it says what was requested, and what is free where
  public ProcMesh spawnProcs(
      String name, int count, Demand each, Resources process, Placement placement) {
    String holder = name + "#" + system.nextNumber();
    Shape procs = Shape.of(Map.of("procs", count));
    List<ProcMeshRef.Place> places =
        new Placer(system, positioned()).place(name, holder, count, each, process, placement);
    return ProcMesh.spawn(system, owner(), program, name, procs, places);
  }

  private List<ActorRef> positioned() {
    return Arrays.stream(shape.positions()).mapToObj(agents::get).toList();
  }

  private Owner owner() {
    return program.filter(Owner.Keeper.class::isInstance).orElseGet(() -> Owner.current(program));
  }

  /// The capacity of each host, and how much of it is free.
  public List<HostFree> free() {
    return new Placer(system, positioned()).look();
  }

  /// The same hosts, for a keeper that supervises the processes that it spawns there: it is what
  /// the owner of the caller closes, and it hears of failures first.
  ///
  /// @param keeper closes the processes that it spawned; closed by the caller's owner
  /// @param onFailure whether a failure is handled; else it goes to the caller's owner. Must not
  ///   wait
  /// @throws IllegalStateException if the caller has no owner
  public KeptHosts keptBy(AutoCloseable keeper, Predicate<Failure> onFailure) {
    Owner owner = Owner.current(program);
    owner.own(keeper);
    Owner.Keeper kept = new Owner.Keeper(owner, keeper, onFailure);
    return new KeptHosts(new HostMesh(system, shape, agents, Optional.of(kept)), kept);
  }

  /// The names of the hosts, as the addresses of their processes have them.
  public List<String> names() {
    return positioned().stream().map(agent -> agent.process().host()).toList();
  }

  /// The process in which this is used.
  public ActorSystem system() {
    return system;
  }

  /// The hosts of a range.
  public HostMesh slice(String axis, int from, int to) {
    return new HostMesh(system, shape.slice(axis, from, to), agents, program);
  }

  /// The number of hosts.
  public int size() {
    return shape.size();
  }

  /// Axes and sizes.
  public Shape shape() {
    return shape;
  }

  HostsForm form() {
    return new HostsForm(shape, agents);
  }
}
