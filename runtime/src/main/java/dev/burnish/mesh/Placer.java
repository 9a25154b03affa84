package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Context;
import dev.burnish.concurrent.Scope;
import dev.burnish.launch.Resources;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.mesh.host.Agents;
import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.placement.Demand;
import dev.burnish.mesh.placement.HostFree;
import dev.burnish.mesh.placement.Placement;
import dev.burnish.mesh.placement.Plan;
import dev.burnish.mesh.placement.Reservation;
import dev.burnish.mesh.placement.Unplaceable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/// Finds room for processes and reserves it, at the hosts that have it. Each host is queried by
/// itself: one that is lost or does not answer is skipped.
///
/// @param agents of the hosts
record Placer(ActorSystem system, List<ActorRef> agents) {
  private static final System.Logger LOG = System.getLogger(Placer.class.getName());

  /// Others may take what was free a moment ago: then the hosts are queried again.
  private static final int TRIES = 8;

  /// A host that takes longer to answer is skipped.
  private static final Duration ANSWER = Duration.ofSeconds(10);

  /// Hosts that did not answer, with the reason.
  private record Silent(Map<ActorRef, String> hosts) {
    Silent() {
      this(new ConcurrentHashMap<>());
    }

    void add(ActorRef agent, RuntimeException why) {
      LOG.log(
          System.Logger.Level.WARNING,
          "host {0} is passed over, it does not answer: {1}",
          agent.process().host(),
          why.getMessage());
      hosts.put(agent, agent.process().host() + ": " + why.getMessage());
    }

    boolean has(ActorRef agent) {
      return hosts.containsKey(agent);
    }

    List<String> describe() {
      return hosts.values().stream().sorted().toList();
    }
  }

  /// The capacities of the hosts that answer.
  List<HostFree> look() {
    return List.copyOf(look(new Silent()).values());
  }

  private SequencedMap<ActorRef, HostFree> look(Silent silent) {
    List<ActorRef> asked = agents.stream().filter(agent -> !silent.has(agent)).toList();
    Function<ActorRef, Optional<HostFree>> question = agent -> ask(agent, silent, HostAgent::free);
    try {
      List<Optional<HostFree>> answers = Scope.map(asked, Context.waitedFor(question));
      SequencedMap<ActorRef, HostFree> found = new LinkedHashMap<>();
      for (int i = 0; i < asked.size(); i++) {
        ActorRef agent = asked.get(i);
        answers.get(i).ifPresent(free -> found.put(agent, free));
      }
      return found;
    } catch (CancellationException e) {
      throw new CallCancelled("interrupted while hosts say what is free: hosts=" + asked.size());
    }
  }

  private <R> Optional<R> ask(ActorRef agent, Silent silent, Function<HostAgent, R> question) {
    try {
      return Optional.of(question.apply(Agents.host(system, agent, ANSWER)));
    } catch (RuntimeException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      silent.add(agent, e);
      return Optional.empty();
    }
  }

  List<ProcMeshRef.Place> place(
      String name, String holder, int count, Demand each, Resources process, Placement placement) {
    Silent silent = new Silent();
    List<HostFree> hosts = List.of();
    for (int i = 0; i < TRIES; i++) {
      SequencedMap<ActorRef, HostFree> found = look(silent);
      hosts = List.copyOf(found.values());
      Optional<Plan> plan = Plan.of(count, each, placement, hosts);
      if (plan.isEmpty()) {
        break;
      }
      Optional<List<ProcMeshRef.Place>> places =
          take(plan.get(), found, new Taking(holder, each, process, silent, bound(i)));
      if (places.isPresent()) {
        return places.get();
      }
    }
    throw new Unplaceable(name, count, each, placement.order(hosts), silent.describe());
  }

  /// A host that others have chosen meanwhile may not be the best any more, and is queried again.
  /// The last try takes it as it is.
  private static ToIntFunction<HostFree> bound(int tries) {
    return tries < TRIES - 1 ? host -> host.processes().size() : host -> Integer.MAX_VALUE;
  }

  /// The resources to reserve, and their holder.
  ///
  /// @param bound the most processes that a host may have by now for a reservation there
  private record Taking(
      String holder, Demand each, Resources process, Silent silent, ToIntFunction<HostFree> bound) {
    Reservation of(int count) {
      return new Reservation(holder, each, count);
    }
  }

  /// Reserves all of a plan, or nothing: free resources have changed, or a host does not answer any
  /// more.
  ///
  /// @param hosts that the plan is for
  private Optional<List<ProcMeshRef.Place>> take(
      Plan plan, SequencedMap<ActorRef, HostFree> hosts, Taking taking) {
    List<ProcMeshRef.Place> places = new ArrayList<>();
    List<ActorRef> agents = List.copyOf(hosts.keySet());
    for (Plan.Share share : plan.shares()) {
      ActorRef agent = agents.get(share.host());
      int most = taking.bound().applyAsInt(Objects.requireNonNull(hosts.get(agent)));
      Optional<List<List<Integer>>> devices =
          ask(
                  agent,
                  taking.silent(),
                  host -> host.reserve(taking.of(share.count()), most, system.self()))
              .flatMap(Function.identity());
      if (devices.isEmpty()) {
        if (taking.silent().has(agent)) {
          places.add(place(agent, taking, List.of()));
        }
        places.forEach(place -> release(system, place));
        return Optional.empty();
      }
      devices.get().forEach(gpus -> places.add(place(agent, taking, gpus)));
    }
    return Optional.of(places);
  }

  private static ProcMeshRef.Place place(ActorRef agent, Taking taking, List<Integer> gpus) {
    Resources process = taking.process();
    Resources given = gpus.isEmpty() ? process : process.withCudaDevices(gpus);
    return new ProcMeshRef.Place(agent, given, Optional.of(taking.holder()));
  }

  /// Releases the reservation of a place, as far as its host still knows it.
  static void release(ActorSystem system, ProcMeshRef.Place place) {
    place
        .holder()
        .ifPresent(holder -> {
          try {
            Agents.reached(system, place.agent()).ifPresent(agent -> agent.release(holder));
          } catch (RuntimeException e) {
            System.getLogger(Placer.class.getName())
                .log(System.Logger.Level.DEBUG, "a host is gone with what was taken of it", e);
          }
        });
  }
}
