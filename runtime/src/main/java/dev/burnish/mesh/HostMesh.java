package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Node;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.launch.Resources;
import dev.burnish.mesh.MeshKind.HostsForm;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/// The hosts of a job, along the axis `hosts`. Processes are spawned on all of them.
public final class HostMesh {
  private final Node node;
  private final Shape shape;
  private final List<ActorRef> agents;
  private final Optional<Owner> program;

  HostMesh(Node node, Shape shape, List<ActorRef> agents) {
    this(node, shape, agents, Optional.empty());
  }

  HostMesh(Node node, Shape shape, List<ActorRef> agents, Optional<Owner> program) {
    this.node = node;
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

  /// Spawns processes, all at once. Returns immediately: whoever needs a process waits for it.
  ///
  /// @param name before the rank in the names of the processes and the prefix of their output
  /// @param perHost sizes of further axes; a map of several must have an order
  /// @param resources of the process of each number within its host
  /// @throws IllegalArgumentException if an axis has no place
  public ProcMesh spawnProcs(
      String name, Map<String, Integer> perHost, IntFunction<Resources> resources) {
    Shape procs = shape.append(perHost);
    int numPerHost = Shape.of(perHost).size();
    List<ProcMesh.Place> places = new java.util.ArrayList<>();
    for (int rank = 0; rank < procs.size(); rank++) {
      places.add(
          new ProcMesh.Place(
              agents.get(shape.position(rank / numPerHost)), resources.apply(rank % numPerHost)));
    }
    return ProcMesh.spawn(node, Owner.current(program), program, name, procs, places);
  }

  /// The same hosts, for something that looks after what it spawns there: it is what the owner of
  /// the caller closes, and it hears of failures first.
  ///
  /// @param keeper closes what it spawned; closed by the caller's owner
  /// @param onFailure whether a failure is handled; else it goes to the caller's owner. Must not
  ///   wait
  /// @throws IllegalStateException if the caller has no owner
  public HostMesh keptBy(AutoCloseable keeper, Predicate<Failure> onFailure) {
    Owner owner = Owner.current(program);
    owner.own(keeper);
    return new HostMesh(node, shape, agents, Optional.of(new Owner.Keeper(owner, onFailure)));
  }

  /// Gives a failure that a keeper does not handle to its owner, see [#keptBy].
  ///
  /// @throws IllegalStateException if nothing keeps what is spawned here
  public void escalate(Failure failure) {
    if (program.isPresent() && program.get() instanceof Owner.Keeper keeper) {
      keeper.owner().failed(failure);
      return;
    }
    throw new IllegalStateException(
        "only what was made by keptBy has an owner above it: " + failure.describe());
  }

  /// The process in which this is used.
  public Node node() {
    return node;
  }

  /// The hosts of a range.
  public HostMesh slice(String axis, int from, int to) {
    return new HostMesh(node, shape.slice(axis, from, to), agents, program);
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
