package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Node;
import dev.burnish.launch.Resources;
import dev.burnish.mesh.host.Agents;
import dev.burnish.mesh.placement.Demand;
import dev.burnish.mesh.placement.HostFree;
import dev.burnish.mesh.placement.Placement;
import dev.burnish.mesh.placement.Plan;
import dev.burnish.mesh.placement.Unplaceable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Finds room for processes and takes it, at the hosts that have it.
///
/// @param agents of the hosts
record Placer(Node node, List<ActorRef> agents) {
  /// Others may take what was free a moment ago: then it is looked at again.
  private static final int TRIES = 8;

  List<HostFree> look() {
    return agents.stream().map(agent -> Agents.host(node, agent).free()).toList();
  }

  List<ProcMesh.Place> place(
      String name, String holder, int count, Demand each, Resources process, Placement placement) {
    List<HostFree> hosts = List.of();
    for (int i = 0; i < TRIES; i++) {
      hosts = look();
      Optional<Plan> plan = Plan.of(count, each, placement, hosts);
      if (plan.isEmpty()) {
        break;
      }
      Optional<List<ProcMesh.Place>> places = take(plan.get(), holder, each, process);
      if (places.isPresent()) {
        return places.get();
      }
    }
    throw new Unplaceable(name, count, each, placement.order(hosts));
  }

  private Optional<List<ProcMesh.Place>> take(
      Plan plan, String holder, Demand each, Resources process) {
    List<ProcMesh.Place> places = new ArrayList<>();
    for (Plan.Share share : plan.shares()) {
      ActorRef agent = agents.get(share.host());
      Optional<List<List<Integer>>> devices =
          Agents.host(node, agent).reserve(holder, each, share.count(), node.self());
      if (devices.isEmpty()) {
        places.forEach(place -> release(node, place));
        return Optional.empty();
      }
      for (List<Integer> gpus : devices.get()) {
        Resources given = gpus.isEmpty() ? process : process.withCudaDevices(gpus);
        places.add(new ProcMesh.Place(agent, given, Optional.of(holder)));
      }
    }
    return Optional.of(places);
  }

  /// Gives back what a place has taken, as far as its host still knows.
  static void release(Node node, ProcMesh.Place place) {
    place
        .holder()
        .ifPresent(holder -> {
          try {
            Agents.reached(node, place.agent()).ifPresent(agent -> agent.release(holder));
          } catch (RuntimeException e) {
            System.getLogger(Placer.class.getName())
                .log(System.Logger.Level.DEBUG, "a host is gone with what was taken of it", e);
          }
        });
  }
}
