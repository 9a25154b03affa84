package dev.burnish.service;

import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Factory;
import dev.burnish.actor.RemoteActors;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.HostMesh;
import dev.burnish.service.ReplicaSet.Blueprint;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.ReplicaSlot;
import dev.burnish.service.scaling.Scaling;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Replicas of an actor, each in processes of its own, which are restarted when they are lost.
///
/// ```java
/// try (OwnedService<Reward> reward =
///     Service.start(job.hosts(), "reward", Reward.class, MathReward::new, replicas(4))) {
///   double value = reward.route().evaluate(prompt, completion, target);
///   try (Session<Reward> session = reward.session()) {
///     session.actor().evaluate(prompt, completion, target);
///   }
///   reward.fanout(r -> r.warmUp());
/// }
/// ```
///
/// The code that starts a service owns it, and has the methods that only an owner may call. As an
/// argument, result or part of one it travels as a [Service]: so it is declared there, and the
/// receiver calls the replicas directly. An endpoint that declares an `OwnedService` is refused
/// when its actor is spawned. Thread-safe.
///
/// @param <T> the interface of the actors
public final class OwnedService<T> extends Service<T> implements AutoCloseable {
  private final ReplicaSet<T> replicaSet;
  private final Service<T> withoutOwner;

  private OwnedService(ReplicaSet<T> replicaSet, ServiceClient client) {
    super(replicaSet.type(), client, replicaSet.options().call().timeout());
    this.replicaSet = replicaSet;
    this.withoutOwner =
        new Service<>(replicaSet.type(), client, replicaSet.options().call().timeout());
  }

  /// See [Service#start].
  static <T> OwnedService<T> launch(
      HostMesh hosts,
      String name,
      Class<T> type,
      Factory factory,
      List<?> arguments,
      ServiceOptions options) {
    SingleUse.check(type, options.size().procs());
    RemoteActors.Blueprint ignored = hosts.system().blueprint(type, factory, arguments);
    Kept kept = new Kept();
    ReplicaHosting hosting =
        new ReplicaHosting.Kept(hosts.keptBy(kept, failure -> true), options.size());
    OwnedService<T> service =
        launch(hosting, new Blueprint<>(name, type, factory, arguments), options);
    kept.closing = service::close;
    return service;
  }

  /// Starts a service at hosts that are its own.
  static <T> OwnedService<T> launch(
      ReplicaHosting hosting, Blueprint<T> blueprint, ServiceOptions options) {
    ActorSystem system = hosting.system();
    String name = blueprint.name();
    Dispatcher dispatcher =
        new Dispatcher(name, options.queueing(), options.router().get(), system.clock());
    ReplicaSet<T> replicas = new ReplicaSet<>(hosting, blueprint, options, dispatcher);
    dispatcher.coming(replicas::numComing);
    ServiceClient client =
        new ServiceClient(
            name,
            dispatcher,
            new Traffic(system.clock()),
            system.clock(),
            options.call().retries(),
            replicas);
    OwnedService<T> service = new OwnedService<>(replicas, client);
    try {
      replicas.start();
    } catch (RuntimeException e) {
      replicas.close(Duration.ZERO);
      hosting.leave();
      throw e;
    }
    system.statusBoard().put(service.toString(), () -> service.metrics().describe(name));
    return service;
  }

  /// The resource that the owner of the caller closes, which must be known before there is a
  /// service.
  private static final class Kept implements AutoCloseable {
    private volatile Runnable closing = () -> {};

    @Override
    public void close() {
      closing.run();
    }
  }

  /// Makes a change of state at every replica, also at those that drain, and at every replica that
  /// starts later, before it gets calls, until the next change of this name. When this returns, no
  /// call that is made after it, in any process, finds a replica without the change.
  ///
  /// The change is made if a replica has made it: a replica that is lost meanwhile, or where it
  /// fails, is replaced, and its replacement has the change. If it fails at all replicas, it is
  /// taken back: this throws, and later replicas do not have it. An endpoint that makes a change
  /// and throws leaves the state as it was; a replica that is late or was interrupted is replaced.
  /// A change is made again at replicas that start, so it must set the state, not modify it.
  ///
  /// @param what the name of the change, such as `weights`
  /// @throws RuntimeException as [#fanout] does, if the change was made at no replica
  public void update(String what, Consumer<? super T> change) {
    Commit<T> commit = new Commit<>(replicaSet, what);
    for (int tries = 0; ; tries++) {
      awaitSomeHealthy();
      try {
        Supplier<List<ReplicaSlot>> all = client().dispatcher()::members;
        replicaSet
            .updates()
            .update(what, change, all, slots -> commit.settle(fanOut(slots).attempts(change)));
        return;
      } catch (Commit.AllLost e) {
        if (tries >= client().retries()) {
          throw e.failure();
        }
      }
    }
  }

  /// Runs a hook on every replica that starts from now on, before it gets calls: a generator pulls
  /// the current weights. If a fan-out began meanwhile, it runs once more.
  public void onStart(Consumer<? super T> hook) {
    replicaSet.updates().onStart(hook);
  }

  /// Scales the service to `numReplicas` replicas. New ones start meanwhile; those that are removed
  /// finish their calls and sessions first, for a bounded time, which is waited for.
  ///
  /// @throws IllegalArgumentException if `numReplicas` is below 1
  public void scaleTo(int numReplicas) {
    replicaSet.scaleTo(numReplicas);
  }

  /// Lets the number of replicas follow the waiting calls, from now on and as long as the service
  /// lasts, in place of earlier settings.
  public void autoscale(Scaling scaling) {
    replicaSet.autoscale(scaling);
  }

  /// The replicas by number.
  public List<ReplicaStatus> replicas() {
    return replicaSet.statuses();
  }

  /// The process ids of a replica in the operating system, by rank.
  ///
  /// @throws ReplicaLost if it has none now
  public List<Long> pids(int replica) {
    return replicaSet.replicas().stream()
        .filter(r -> r.index() == replica)
        .findFirst()
        .flatMap(Replica::procs)
        .orElseThrow(() ->
            new ReplicaLost("replica %d of %s has no processes now".formatted(replica, name())))
        .pids();
  }

  /// Stops: calls under way and waiting calls may end, for a time; those that have not by then
  /// fail, and so does every further call, from any process.
  public void stop(Duration draining) {
    replicaSet.close(draining);
    replicaSet.hosting().leave();
    replicaSet.system().statusBoard().remove(toString());
  }

  /// Stops, see [#stop], with the draining time of its options.
  @Override
  public void close() {
    stop(replicaSet.options().health().draining());
  }

  @Override
  Service<T> withoutOwner() {
    return withoutOwner;
  }

  ReplicaSet<T> replicaSet() {
    return replicaSet;
  }
}
