package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Node;
import dev.burnish.launch.Resources;
import dev.burnish.mesh.MeshKind.HostsForm;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

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
