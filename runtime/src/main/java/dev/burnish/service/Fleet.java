package dev.burnish.service;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Factory;
import dev.burnish.actor.Node;
import dev.burnish.concurrent.Scope;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.ActorOptions;
import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.mesh.placement.Unplaceable;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.Lane;
import dev.burnish.service.routing.Loss;
import dev.burnish.service.scaling.Scaling;
import dev.burnish.service.scaling.ScalingDecision;
import dev.burnish.service.state.ReplicaState;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The replicas of a service, in the process that owns it.
final class Fleet<T> {
  private static final System.Logger LOG = System.getLogger(Fleet.class.getName());

  /// What every replica is made from.
  record Blueprint<T>(String name, Class<T> type, Factory factory, List<?> arguments) {}

  private final HostMesh hosts;
  private final Blueprint<T> blueprint;
  private final ServiceOptions options;
  private final Dispatcher<Target<T>> dispatcher;
  private final Updates<T> updates = new Updates<>();
  private final Roster.Kept roster = new Roster.Kept(look -> () -> updates.begin(look));
  private final ActorRef directory;
  private final SortedMap<Integer, Replica<T>> replicas = new TreeMap<>();
  private final ReentrantLock scaling = new ReentrantLock();
  private final LongAdder restarts = new LongAdder();
  private final AtomicReference<@Nullable ScalingDecision> scaler = new AtomicReference<>();
  private final CountDownLatch settling;
  private volatile Consumer<ProcMesh> closing = ProcMesh::close;

  Fleet(
      HostMesh hosts,
      Blueprint<T> blueprint,
      ServiceOptions options,
      Dispatcher<Target<T>> dispatcher) {
    this.hosts = hosts;
    this.blueprint = blueprint;
    this.options = options;
    this.dispatcher = dispatcher;
    this.settling = new CountDownLatch(options.size().replicas());
    this.directory = node().serve("service " + name(), Roster.class, roster);
    node().blueprint(blueprint.type(), blueprint.factory(), blueprint.arguments());
  }

  void start() {
    scaling.lock();
    try {
      add(options.size().replicas());
    } finally {
      scaling.unlock();
    }
  }

  /// All of them or none: that there is no room is seen here, before anything starts.
  private void add(int count) {
    Set<Integer> taken = replicas().stream().map(Replica::index).collect(Collectors.toSet());
    List<Replica<T>> added =
        IntStream.iterate(0, index -> index + 1)
            .filter(index -> !taken.contains(index))
            .limit(count)
            .mapToObj(index -> new Replica<>(this, index))
            .toList();
    try {
      added.forEach(Replica::take);
    } catch (RuntimeException e) {
      added.forEach(Replica::stop);
      throw e;
    }
    synchronized (replicas) {
      added.forEach(replica -> replicas.put(replica.index(), replica));
    }
    added.forEach(Replica::start);
  }

  String name() {
    return blueprint.name();
  }

  Node node() {
    return hosts.node();
  }

  /// Replicas that are not healthy and will be.
  int numComing() {
    return (int) replicas().stream().filter(Replica::isComing).count();
  }

  /// It is closed: its owner lets go of it.
  void leaveKeeper() {
    hosts.leaveKeeper();
  }

  ServiceOptions options() {
    return options;
  }

  ActorRef directory() {
    return directory;
  }

  Updates<T> updates() {
    return updates;
  }

  LongAdder restarts() {
    return restarts;
  }

  List<Replica<T>> replicas() {
    synchronized (replicas) {
      return List.copyOf(replicas.values());
    }
  }

  /// Waits until every replica of the beginning has become healthy or was lost.
  void awaitSettled(Duration limit) {
    try {
      settling.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallCancelled("interrupted while the replicas of %s start".formatted(name()));
    }
  }

  ProcMesh spawn(Replica<T> replica) {
    ServiceOptions.Size size = options.size();
    return hosts.spawnProcs(
        replica.name(), size.procs(), size.each(), size.room().process(), size.room().placement());
  }

  ActorMesh<T> spawn(ProcMesh procs, String mesh, ActorOptions supervised) {
    return procs.spawn(
        mesh, blueprint.type(), blueprint.factory(), blueprint.arguments(), supervised);
  }

  void admit(Target<T> target, Runnable join) {
    T actor =
        RoutedStub.of(
            blueprint.type(),
            target.mesh().name(),
            (method, arguments) ->
                target.call(method, arguments, options.call().timeout().toNanos()));
    updates.admit(actor, join);
  }

  void joined(Replica<T> replica, Lane<Target<T>> lane) {
    Target<T> target = lane.target();
    dispatcher.join(lane);
    roster.joined(new Roster.Entry(lane.replica(), target.generation(), target.mesh().form()));
    settle(replica);
  }

  void left(Replica<T> replica, Optional<Lane<Target<T>>> lane, Loss loss) {
    lane.ifPresentOrElse(l -> dispatcher.lose(l, loss), () -> dispatcher.losses().note(loss));
    roster.left(loss);
    settle(replica);
  }

  private void settle(Replica<T> replica) {
    if (replica.settle()) {
      settling.countDown();
    }
  }

  /// A call has seen that a replica is lost.
  void lost(Lane<Target<T>> lane, String why) {
    Optional<Replica<T>> replica;
    synchronized (replicas) {
      replica = Optional.ofNullable(replicas.get(lane.replica()));
    }
    replica.ifPresent(r -> r.lost(lane.target().generation(), why));
  }

  void explained(Loss loss) {
    dispatcher.losses().explain(loss);
    roster.explained(loss);
  }

  void close(ProcMesh procs) {
    closing.accept(procs);
  }

  /// For tests: how the processes of a replica are closed.
  void closing(Consumer<ProcMesh> how) {
    closing = how;
  }

  void drain(Lane<Target<T>> lane, Duration limit) {
    dispatcher.drain(lane, limit);
    roster.removed(lane.replica());
  }

  /// The restarts of a replica are used up.
  void gaveUp(Replica<T> replica) {
    LOG.log(System.Logger.Level.ERROR, replica.failure().describe());
    if (replicas().stream().allMatch(Replica::isGivenUp)) {
      dispatcher.giveUp();
      hosts.escalate(replica.failure());
    }
  }

  /// Adds replicas, which start meanwhile, or removes some: those that are not healthy first, then
  /// the last. Returns when what is removed has ended.
  void scaleTo(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "a service has a replica: service=%s replicas=%d; close it to end it"
              .formatted(name(), count));
    }
    scaling.lock();
    try {
      List<Replica<T>> now = replicas();
      if (count > now.size()) {
        add(count - now.size());
      }
      List<Replica<T>> surplus =
          now.stream()
              .sorted(
                  Comparator.<Replica<T>>comparingInt(
                          r -> r.state() == ReplicaState.HEALTHY ? 1 : 0)
                      .thenComparing(Comparator.comparingInt(Replica<T>::index).reversed()))
              .limit(Math.max(0, now.size() - count))
              .toList();
      Scope.map(surplus, this::remove);
    } finally {
      scaling.unlock();
    }
  }

  /// Looks at the load from time to time, until the service ends or this is called again.
  void autoscale(Scaling scaling) {
    ScalingDecision decision = new ScalingDecision(scaling);
    scaler.set(decision);
    look(scaling, decision);
  }

  private void look(Scaling scaling, ScalingDecision decision) {
    node().later(scaling.every(), name() + " scaling", () -> scale(scaling, decision));
  }

  private void scale(Scaling scaling, ScalingDecision decision) {
    if (scaler.get() != decision) {
      return;
    }
    int now = replicas().size();
    int target = decision.target(node().clock().nanos(), now, dispatcher.load());
    try {
      if (target != now) {
        scaleTo(target);
      }
    } catch (Unplaceable e) {
      LOG.log(System.Logger.Level.WARNING, "service {0} cannot grow: {1}", name(), e.getMessage());
    }
    look(scaling, decision);
  }

  private boolean remove(Replica<T> replica) {
    replica.remove(options.health().draining());
    synchronized (replicas) {
      replicas.remove(replica.index());
    }
    dispatcher.losses().forget(replica.index());
    roster.removed(replica.index());
    return true;
  }

  /// Lets the calls end that are there, a time at most, then ends every replica.
  void close(Duration draining) {
    String why = "service %s has stopped".formatted(name());
    scaler.set(null);
    dispatcher.close(why, draining);
    roster.end(why);
    Scope.map(
        replicas(),
        replica -> {
          replica.stop();
          return true;
        });
    node().dismiss(directory);
  }
}
