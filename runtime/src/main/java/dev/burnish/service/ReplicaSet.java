package dev.burnish.service;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Factory;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.ActorOptions;
import dev.burnish.mesh.OwnedMesh;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.service.ServiceKind.ServiceForm;
import dev.burnish.service.directory.Countdown;
import dev.burnish.service.directory.DirectoryServer;
import dev.burnish.service.directory.IdleProbe;
import dev.burnish.service.directory.ReplicaDirectory;
import dev.burnish.service.directory.ReplicaDirectory.Standing;
import dev.burnish.service.routing.Balancing;
import dev.burnish.service.routing.CallTarget;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.ReplicaFailure;
import dev.burnish.service.routing.ReplicaSlot;
import dev.burnish.service.scaling.Scaling;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The replicas of a service, in the process that owns it: starts, replaces, adds and removes them,
/// and keeps the dispatcher of this process and the directory for others up to date. Thread-safe.
final class ReplicaSet<T> implements Membership {
  private static final System.Logger LOG = System.getLogger(ReplicaSet.class.getName());

  /// The settings from which every replica is made.
  record Blueprint<T>(String name, Class<T> type, Factory factory, List<?> arguments) {}

  private final ReplicaHosting hosting;
  private final Blueprint<T> blueprint;
  private final ServiceOptions options;
  private final Dispatcher dispatcher;
  private final Updates<T> updates = new Updates<>();
  private final DirectoryServer directory;
  private final ActorRef address;
  private final SortedMap<Integer, Replica<T>> replicas = new TreeMap<>();
  private final ReentrantLock scaling = new ReentrantLock();
  private final LongAdder restarts = new LongAdder();
  private final Autoscaler autoscaler;
  private boolean closed;
  private volatile boolean ended;
  private final CountDownLatch settling;

  ReplicaSet(
      ReplicaHosting hosting,
      Blueprint<T> blueprint,
      ServiceOptions options,
      Dispatcher dispatcher) {
    this.hosting = hosting;
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
    this.autoscaler = new Autoscaler(this, () -> directory.with(dispatcher.load()));
  }

  void start() {
    scaling.lock();
    try {
      add(options.size().replicas());
    } finally {
      scaling.unlock();
    }
  }

  /// Adds all of them or none: a lack of room is detected here, before anything starts.
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
    dispatcher.expectReplica();
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

  Class<T> type() {
    return blueprint.type();
  }

  ActorSystem system() {
    return hosting.system();
  }

  ReplicaHosting hosting() {
    return hosting;
  }

  /// Replicas that are not healthy but will be.
  int numComing() {
    return (int) replicas().stream().filter(Replica::isComing).count();
  }

  ServiceOptions options() {
    return options;
  }

  /// The time between two checks of a replica.
  Duration checkEvery() {
    synchronized (replicas) {
      return options.health().every(replicas.size() * options.size().procs());
    }
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

  @Override
  public History history() {
    return new History(restarts.intValue(), autoscaler.numFailures());
  }

  @Override
  public ServiceForm form() {
    return new ServiceForm(
        name(),
        address,
        options.queueing(),
        options.router() instanceof Balancing known ? known : Balancing.LEAST_LOADED,
        options.call().timeout().toMillis(),
        options.call().retries());
  }

  /// The replicas belong to this process: the local view is valid.
  @Override
  public void await(Object call, long deadline) {}

  @Override
  public void lost(ReplicaSlot slot, ReplicaLost cause) {
    lost(slot, String.valueOf(cause.getMessage()));
  }

  @Override
  public List<ReplicaSlot> forChange() {
    return updates.begin(dispatcher::healthy);
  }

  @Override
  public List<ReplicaStatus> statuses() {
    return replicas().stream().map(Replica::status).toList();
  }

  List<Replica<T>> replicas() {
    synchronized (replicas) {
      return List.copyOf(replicas.values());
    }
  }

  /// Waits until every initial replica has become healthy or was lost.
  @Override
  public void awaitSettled(Duration limit) {
    try {
      Waits.await(settling, limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallCancelled("interrupted while the replicas of %s start".formatted(name()));
    }
  }

  OwnedMesh<T> spawn(ProcMesh procs, String mesh, ActorOptions supervised) {
    return procs.spawn(
        mesh, blueprint.type(), blueprint.factory(), blueprint.arguments(), supervised);
  }

  void admit(CallTarget target, Runnable join) {
    T actor =
        RoutedStub.of(
            blueprint.type(),
            target.name(),
            (method, arguments) ->
                target.call(method, arguments, options.call().timeout().toNanos()));
    updates.admit(actor, join);
  }

  void joined(Replica<T> replica, ReplicaSlot slot) {
    CallTarget target = slot.target();
    dispatcher.join(slot);
    directory.joined(
        new ReplicaDirectory.Entry(
            slot.replica(), target.generation(), Standing.SERVING, target.actors().form()));
    settle(replica);
  }

  /// Others are told first: a caller that finds it gone here may rely on it that they are, or will
  /// be.
  void left(
      Replica<T> replica, int generation, Optional<ReplicaSlot> slot, ReplicaFailure failure) {
    directory.left(failure, generation);
    slot.ifPresentOrElse(
        l -> dispatcher.lose(l, failure), () -> dispatcher.failures().note(failure));
    settle(replica);
  }

  /// Called when a replica has stopped; does nothing more if it was lost or removed before.
  void stopped(Replica<T> replica, Optional<ReplicaSlot> slot) {
    slot.ifPresent(l -> {
      directory.removed(replica.index());
      dispatcher.lose(l, new ReplicaFailure(l.replica(), Instant.now(), "it was stopped"));
    });
    settle(replica);
  }

  /// Sends no call to a replica any more, even if another thread is about to do the same, and
  /// starts another one in its place.
  void replace(ReplicaSlot slot, String why) {
    lost(slot, why);
    ReplicaFailure failure = new ReplicaFailure(slot.replica(), Instant.now(), why);
    directory.left(failure, slot.target().generation());
    dispatcher.lose(slot, failure);
  }

  /// Whether a replica is not lost, as far as is known.
  boolean isAlive(ReplicaSlot slot) {
    return replica(slot).filter(r -> r.isAlive(slot.target().generation())).isPresent();
  }

  private Optional<Replica<T>> replica(ReplicaSlot slot) {
    synchronized (replicas) {
      return Optional.ofNullable(replicas.get(slot.replica()));
    }
  }

  private void settle(Replica<T> replica) {
    if (replica.settle()) {
      settling.countDown();
    }
  }

  /// Called by a call that has seen that a replica is lost.
  void lost(ReplicaSlot slot, String why) {
    replica(slot).ifPresent(r -> r.lost(slot.target().generation(), why));
  }

  void explained(ReplicaFailure failure) {
    dispatcher.failures().explain(failure);
    directory.explained(failure);
  }

  /// Lets the calls and sessions that a replica has from all processes end, for at most a given
  /// time, and removes it.
  void drain(ReplicaSlot slot, Duration limit) {
    Countdown time = new Countdown(system().clock(), limit);
    dispatcher.startDraining(slot);
    directory.draining(slot.replica());
    directory.awaitDrained(slot.replica(), time.left());
    directory.removed(slot.replica());
    dispatcher.drain(slot, time.left());
    awaitIdle(slot.target(), time);
  }

  /// The calls of a process that does not respond any more are known only at the replica itself.
  private void awaitIdle(CallTarget target, Countdown time) {
    if (directory.hadWatchers()) {
      new IdleProbe(system(), target.actors().form()).await(time);
    }
  }

  /// The restarts of a replica are used up.
  void gaveUp(Replica<T> replica) {
    LOG.log(System.Logger.Level.ERROR, replica.failure().describe());
    if (replicas().stream().allMatch(Replica::isGivenUp)) {
      dispatcher.giveUp();
      hosting.escalate(replica.failure());
    }
  }

  /// Adds replicas, which start meanwhile, or removes some: those that are not healthy first, then
  /// the last. Returns when the removed replicas have ended.
  void scaleTo(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "a service must have a replica: service=%s replicas=%d; close it to end it"
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

  /// Lets the number of replicas follow the load, until the service ends or this is called again.
  void autoscale(Scaling by) {
    directory.hearEvery(by.every());
    autoscaler.start(by);
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

  /// Lets accepted calls of all processes end, for at most a given time, then ends every replica.
  void close(Duration draining) {
    if (ended) {
      return;
    }
    String why = "service %s has stopped".formatted(name());
    Countdown time = new Countdown(system().clock(), draining);
    autoscaler.stop();
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

  /// The current replicas; no other is added any more.
  private List<Replica<T>> takeNoMore() {
    synchronized (replicas) {
      closed = true;
      return List.copyOf(replicas.values());
    }
  }
}
