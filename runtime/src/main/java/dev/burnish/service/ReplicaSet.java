package dev.burnish.service;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Factory;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.ActorOptions;
import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.service.directory.Countdown;
import dev.burnish.service.directory.DirectoryServer;
import dev.burnish.service.directory.IdleProbe;
import dev.burnish.service.directory.ReplicaDirectory;
import dev.burnish.service.directory.ReplicaDirectory.Standing;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.ReplicaFailure;
import dev.burnish.service.routing.ReplicaSlot;
import dev.burnish.service.scaling.Scaling;
import dev.burnish.service.scaling.ScalingDecision;
import dev.burnish.service.state.History;
import dev.burnish.service.state.ReplicaState;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The replicas of a service, in the process that owns it.
final class ReplicaSet<T> {
  private static final System.Logger LOG = System.getLogger(ReplicaSet.class.getName());

  /// What every replica is made from.
  record Blueprint<T>(String name, Class<T> type, Factory factory, List<?> arguments) {}

  private final HostMesh hosts;
  private final Blueprint<T> blueprint;
  private final ServiceOptions options;
  private final Dispatcher<Target<T>> dispatcher;
  private final Updates<T> updates = new Updates<>();
  private final DirectoryServer directory;
  private final ActorRef address;
  private final SortedMap<Integer, Replica<T>> replicas = new TreeMap<>();
  private final ReentrantLock scaling = new ReentrantLock();
  private final LongAdder restarts = new LongAdder();
  private final LongAdder scalingFailures = new LongAdder();
  private final AtomicReference<@Nullable ScalingDecision> scaler = new AtomicReference<>();
  private boolean closed;
  private volatile boolean ended;
  private final CountDownLatch settling;
  private volatile Consumer<ProcMesh> closing = ProcMesh::close;

  ReplicaSet(
      HostMesh hosts,
      Blueprint<T> blueprint,
      ServiceOptions options,
      Dispatcher<Target<T>> dispatcher) {
    this.hosts = hosts;
    this.blueprint = blueprint;
    this.options = options;
    this.dispatcher = dispatcher;
    this.settling = new CountDownLatch(options.size().replicas());
    this.directory =
        new DirectoryServer(
            look -> () -> updates.begin(look),
            system().clock(),
            process -> system().switchboard().existing(process).isPresent());
    this.address = system().serve("service " + name(), ReplicaDirectory.class, directory);
    system().blueprint(blueprint.type(), blueprint.factory(), blueprint.arguments());
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
      keep(added);
    } catch (RuntimeException | Error e) {
      added.forEach(Replica::stop);
      throw e;
    }
    dispatcher.hope();
    added.forEach(Replica::start);
  }

  private void keep(List<Replica<T>> added) {
    synchronized (replicas) {
      if (closed) {
        throw new ReplicaLost("service %s has stopped".formatted(name()));
      }
      added.forEach(replica -> replicas.put(replica.index(), replica));
    }
  }

  String name() {
    return blueprint.name();
  }

  ActorSystem system() {
    return hosts.system();
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

  ActorRef address() {
    return address;
  }

  Updates<T> updates() {
    return updates;
  }

  DirectoryServer directory() {
    return directory;
  }

  LongAdder restarts() {
    return restarts;
  }

  History history() {
    return new History(restarts.intValue(), scalingFailures.intValue());
  }

  /// As calls of this process see the replicas, which are its own.
  Membership<T> membership() {
    return new Membership<>() {
      @Override
      public void await(String call, long deadline) {}

      @Override
      public void lost(ReplicaSlot<Target<T>> slot, ReplicaLost cause) {
        ReplicaSet.this.lost(slot, String.valueOf(cause.getMessage()));
      }
    };
  }

  List<Replica<T>> replicas() {
    synchronized (replicas) {
      return List.copyOf(replicas.values());
    }
  }

  /// Waits until every replica of the beginning has become healthy or was lost.
  void awaitSettled(Duration limit) {
    try {
      Waits.await(settling, limit);
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

  void joined(Replica<T> replica, ReplicaSlot<Target<T>> slot) {
    Target<T> target = slot.target();
    dispatcher.join(slot);
    directory.joined(
        new ReplicaDirectory.Entry(
            slot.replica(), target.generation(), Standing.SERVING, target.mesh().form()));
    settle(replica);
  }

  /// Others are told first: who finds it gone here may rely on it that they are, or will be.
  void left(
      Replica<T> replica,
      int generation,
      Optional<ReplicaSlot<Target<T>>> slot,
      ReplicaFailure failure) {
    directory.left(failure, generation);
    slot.ifPresentOrElse(
        l -> dispatcher.lose(l, failure), () -> dispatcher.failures().note(failure));
    settle(replica);
  }

  /// A replica has stopped; does nothing more if it was lost or removed before.
  void stopped(Replica<T> replica, Optional<ReplicaSlot<Target<T>>> slot) {
    slot.ifPresent(l -> {
      directory.removed(replica.index());
      dispatcher.lose(l, new ReplicaFailure(l.replica(), Instant.now(), "it was stopped"));
    });
    settle(replica);
  }

  /// Has no call go to a replica any more, whoever else may be about to see to that, and another
  /// one made in its place.
  void replace(ReplicaSlot<Target<T>> slot, String why) {
    lost(slot, why);
    ReplicaFailure failure = new ReplicaFailure(slot.replica(), Instant.now(), why);
    directory.left(failure, slot.target().generation());
    dispatcher.lose(slot, failure);
  }

  /// Whether a replica is not lost, as far as is known.
  boolean isAlive(ReplicaSlot<Target<T>> slot) {
    return replica(slot).filter(r -> r.isAlive(slot.target().generation())).isPresent();
  }

  private Optional<Replica<T>> replica(ReplicaSlot<Target<T>> slot) {
    synchronized (replicas) {
      return Optional.ofNullable(replicas.get(slot.replica()));
    }
  }

  private void settle(Replica<T> replica) {
    if (replica.settle()) {
      settling.countDown();
    }
  }

  /// A call has seen that a replica is lost.
  void lost(ReplicaSlot<Target<T>> slot, String why) {
    replica(slot).ifPresent(r -> r.lost(slot.target().generation(), why));
  }

  void explained(ReplicaFailure failure) {
    dispatcher.failures().explain(failure);
    directory.explained(failure);
  }

  void close(ProcMesh procs) {
    closing.accept(procs);
  }

  /// For tests: how the processes of a replica are closed.
  void closing(Consumer<ProcMesh> how) {
    closing = how;
  }

  /// Lets the calls and sessions of all processes end that a replica has, a time at most, and takes
  /// it out.
  void drain(ReplicaSlot<Target<T>> slot, Duration limit) {
    Countdown time = new Countdown(system().clock(), limit);
    dispatcher.startDraining(slot);
    directory.draining(slot.replica());
    directory.awaitDrained(slot.replica(), time.left());
    directory.removed(slot.replica());
    dispatcher.drain(slot, time.left());
    awaitIdle(slot.target(), time);
  }

  /// What a process has called that says nothing any more is only known where it runs.
  private void awaitIdle(Target<T> target, Countdown time) {
    if (directory.hadWatchers()) {
      new IdleProbe(system(), target.mesh().form()).await(time);
    }
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
                  Comparator.<Replica<T>>comparingInt(ReplicaSet::worth)
                      .thenComparing(Comparator.comparingInt(Replica<T>::index).reversed()))
              .limit(Math.max(0, now.size() - count))
              .toList();
      FanOut.map("scaling of " + name(), surplus, this::remove);
    } finally {
      scaling.unlock();
    }
  }

  /// Those that do not come back go first, then those that are not healthy.
  private static int worth(Replica<?> replica) {
    return replica.isGivenUp() ? 0 : replica.state() == ReplicaState.HEALTHY ? 2 : 1;
  }

  /// Looks at the load from time to time, until the service ends or this is called again.
  void autoscale(Scaling scaling) {
    ScalingDecision decision = new ScalingDecision(scaling);
    scaler.set(decision);
    directory.hearEvery(scaling.every());
    look(scaling, decision);
  }

  private void look(Scaling scaling, ScalingDecision decision) {
    system().later(scaling.every(), name() + " scaling", () -> scale(scaling, decision));
  }

  private void scale(Scaling scaling, ScalingDecision decision) {
    if (scaler.get() != decision) {
      return;
    }
    try {
      int now = replicas().size();
      int target =
          decision.target(system().clock().nanos(), now, directory.with(dispatcher.load()));
      if (target != now) {
        scaleTo(target);
      }
    } catch (RuntimeException | Error e) {
      scalingFailures.increment();
      LOG.log(
          System.Logger.Level.WARNING,
          "service %s cannot be scaled now, it is tried again: %s".formatted(name(), e));
    } finally {
      look(scaling, decision);
    }
  }

  private boolean remove(Replica<T> replica) {
    replica.remove(options.health().draining());
    synchronized (replicas) {
      replicas.remove(replica.index());
    }
    dispatcher.failures().forget(replica.index());
    directory.removed(replica.index());
    return true;
  }

  /// Lets the calls of all processes end that are there, a time at most, then ends every replica.
  void close(Duration draining) {
    if (ended) {
      return;
    }
    String why = "service %s has stopped".formatted(name());
    Countdown time = new Countdown(system().clock(), draining);
    scaler.set(null);
    directory.closing(why);
    dispatcher.close(why, time.left());
    directory.awaitNoCalls(time.left());
    dispatcher.members().forEach(slot -> awaitIdle(slot.target(), time));
    directory.end(why);
    try {
      FanOut.map("end of " + name(), takeNoMore(), Replica::stop);
    } finally {
      system().dismiss(address);
      ended = true;
    }
  }

  /// The replicas that there are; no other is added any more.
  private List<Replica<T>> takeNoMore() {
    synchronized (replicas) {
      closed = true;
      return List.copyOf(replicas.values());
    }
  }
}
