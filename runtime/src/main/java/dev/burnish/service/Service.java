package dev.burnish.service;

import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Factory;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.HostMesh;
import dev.burnish.service.ServiceKind.ServiceForm;
import dev.burnish.service.routing.Balancing;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.Load;
import dev.burnish.service.routing.ReplicaSlot;
import dev.burnish.service.routing.Request.Affinity;
import dev.burnish.service.scaling.Scaling;
import dev.burnish.service.state.History;
import dev.burnish.service.state.ReplicaStatus;
import dev.burnish.service.state.ServiceMetrics;
import dev.burnish.service.state.Traffic;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Replicas of an actor, each in processes of its own, which are restarted when they are lost.
///
/// ```java
/// try (Service<Reward> reward =
///     Service.start(job.hosts(), "reward", Reward.class, MathReward::new, replicas(4))) {
///   double value = reward.route().evaluate(prompt, completion, target);
///   try (Session<Reward> session = reward.session()) {
///     session.actor().evaluate(prompt, completion, target);
///   }
///   reward.fanout(r -> r.warmUp());
/// }
/// ```
///
/// Calls are made on the caller's thread and go straight to a replica. An exception of an endpoint,
/// a deadline or an interrupt of the caller never makes a replica unhealthy. Whoever started it
/// owns it; as an argument it goes to other processes, which call the replicas directly.
/// Thread-safe.
///
/// @param <T> the interface of the actors
public final class Service<T> implements AutoCloseable {
  private final String name;
  private final Class<T> type;
  private final ActorSystem system;
  private final ServiceClient<T> client;
  private final Backing<T> backing;
  private final CallOptions defaults;
  private final T routed;

  /// Where the replicas come from.
  private sealed interface Backing<T> {}

  private record Owned<T>(ReplicaSet<T> replicas) implements Backing<T> {}

  private record Watched<T>(DirectoryWatcher<T> watcher, ServiceForm form) implements Backing<T> {}

  private Service(
      ActorSystem system,
      Class<T> type,
      ServiceClient<T> client,
      Backing<T> backing,
      Duration timeout) {
    this.name = client.name();
    this.system = system;
    this.type = type;
    this.client = client;
    this.backing = backing;
    this.defaults = new CallOptions(timeout, 0, Optional.empty());
    this.routed = route(defaults);
  }

  /// Starts a service whose actors are constructed without arguments.
  public static <T> Service<T> start(
      HostMesh hosts,
      String name,
      Class<T> type,
      Factory.Of0<? extends T> factory,
      ServiceOptions options) {
    return start(hosts, name, type, factory, List.of(), options);
  }

  /// Starts a service whose actors are constructed with an argument.
  public static <T, A> Service<T> start(
      HostMesh hosts,
      String name,
      Class<T> type,
      Factory.Of1<? extends T, A> factory,
      A a,
      ServiceOptions options) {
    return start(hosts, name, type, factory, List.of(a), options);
  }

  /// Starts a service. Checks types and arguments and returns: the replicas start meanwhile, all at
  /// once, and calls wait for the first. Actors of a replica are a mesh named `NAME/INDEX`, along
  /// the axis `procs`.
  ///
  /// @param type the interface of the actors; all its methods are endpoints
  /// @param arguments of the factory, for each actor
  /// @throws IllegalArgumentException if the type of an endpoint, or an argument, does not travel,
  ///   or an endpoint that may be called twice takes what is used up, such as an iterator
  /// @throws dev.burnish.mesh.placement.Unplaceable if there is no room for all of them
  public static <T> Service<T> start(
      HostMesh hosts,
      String name,
      Class<T> type,
      Factory factory,
      List<?> arguments,
      ServiceOptions options) {
    SingleUse.check(type, options.size().procs());
    ActorSystem system = hosts.system();
    Dispatcher<Target<T>> dispatcher =
        new Dispatcher<>(name, options.queueing(), options.router().get(), system.clock());
    Kept kept = new Kept();
    ReplicaSet<T> replicas =
        new ReplicaSet<>(
            hosts.keptBy(kept, failure -> true),
            new ReplicaSet.Blueprint<>(name, type, factory, arguments),
            options,
            dispatcher);
    dispatcher.coming(replicas::numComing);
    ServiceClient<T> client =
        new ServiceClient<>(
            name,
            dispatcher,
            new Traffic(system.clock()),
            system.clock(),
            options.call().retries(),
            replicas.membership());
    Service<T> service =
        new Service<>(system, type, client, new Owned<>(replicas), options.call().timeout());
    kept.closing = service::close;
    try {
      replicas.start();
    } catch (RuntimeException e) {
      replicas.close(Duration.ZERO);
      throw e;
    }
    system.statusBoard().put("service " + name, () -> service.metrics().describe(name));
    return service;
  }

  /// What the owner of the caller closes, which has to be known before there is a service.
  private static final class Kept implements AutoCloseable {
    private volatile Runnable closing = () -> {};

    @Override
    public void close() {
      closing.run();
    }
  }

  /// The service that another process named.
  static <T> Service<T> follow(
      ActorSystem system, Class<T> type, ServiceForm form, Runnable atEnd) {
    Dispatcher<Target<T>> dispatcher =
        new Dispatcher<>(form.name(), form.queueing(), form.balancing().get(), system.clock());
    DirectoryWatcher<T> watcher = new DirectoryWatcher<>(system, type, form, dispatcher, atEnd);
    ServiceClient<T> client =
        new ServiceClient<>(
            form.name(),
            dispatcher,
            new Traffic(system.clock()),
            system.clock(),
            form.retries(),
            watcher);
    watcher.start();
    return new Service<>(system, type, client, new Watched<>(watcher, form), form.timeout());
  }

  /// A stub whose every call goes to a healthy replica of the router's choice. A replica of several
  /// processes is called in all of them; the result is that of rank 0.
  public T route() {
    return routed;
  }

  /// The same with a deadline, a priority or a key, from [#options()].
  public T route(CallOptions options) {
    Affinity<Target<T>> affinity =
        options.key().<Affinity<Target<T>>>map(Affinity.Keyed::new).orElseGet(Affinity.Any::new);
    return RoutedStub.of(
        type,
        "service " + name,
        (method, arguments) -> client.call(method, arguments, options, affinity));
  }

  /// How calls are made that say nothing else.
  public CallOptions options() {
    return defaults;
  }

  /// Calls that all go to one replica; see [Session] for what happens when that is lost.
  public Session<T> session() {
    return new Session<>(client, type, defaults, Optional.empty());
  }

  /// The same; if the replica is lost, the state of the session is restored at another one.
  ///
  /// @param restore is given the actor of the session at the other replica
  public Session<T> session(Consumer<? super T> restore) {
    return new Session<>(client, type, defaults, Optional.of(restore));
  }

  /// Calls every healthy replica, beside all other calls, and waits for all. For a change of state
  /// that replicas which start later must have too, use [#update]; a replica that joins meanwhile
  /// runs its [#onStart] again.
  ///
  /// @throws RuntimeException the first failure by number, as it is, with a suppressed exception
  ///   that names the replica; the others follow as suppressed exceptions too
  public void fanout(Consumer<? super T> call) {
    fanOut(forChange())
        .values(actor -> {
          call.accept(actor);
          return true;
        });
  }

  /// Calls every healthy replica and returns the results by the number of the replica.
  ///
  /// @throws RuntimeException as [#fanout] does
  public <R extends @Nullable Object> List<R> gather(Function<? super T, ? extends R> call) {
    awaitSomeHealthy();
    return fanOut(client.dispatcher().healthy()).values(call);
  }

  /// Calls every healthy replica and returns what came of it, by the number of the replica.
  public <R extends @Nullable Object> List<Outcome<R>> gatherPartial(
      Function<? super T, ? extends R> call) {
    awaitSomeHealthy();
    return fanOut(client.dispatcher().healthy()).outcomes(call);
  }

  /// Makes a change of state at every replica, also at those that drain, and at every replica that
  /// starts later, before it gets calls, until the next change of this name. When this returns, no
  /// call that is made after it, in whatever process, finds a replica without the change.
  ///
  /// The change is made if a replica has made it: one that is lost meanwhile, or where it fails, is
  /// replaced, and its replacement has the change. If it fails at all, it is taken back: this
  /// throws, and later replicas do not have it. An endpoint that makes a change and throws leaves
  /// the state as it was; a replica that is late or was interrupted is replaced. A change is made
  /// again at replicas that start, so that it says what the state is to be.
  ///
  /// @param what the name of the change, such as `weights`
  /// @throws RuntimeException as [#fanout] does, if the change was made at no replica
  /// @throws IllegalStateException if the service came as an argument
  public void update(String what, Consumer<? super T> change) {
    ReplicaSet<T> replicas = owned("update");
    Commit<T> commit = new Commit<>(replicas, what);
    for (int tries = 0; ; tries++) {
      awaitSomeHealthy();
      try {
        Supplier<List<ReplicaSlot<Target<T>>>> all = () -> client.dispatcher().members();
        replicas
            .updates()
            .update(what, change, all, slots -> commit.settle(fanOut(slots).attempts(change)));
        return;
      } catch (Commit.AllLost e) {
        if (tries >= client.retries()) {
          throw e.failure();
        }
      }
    }
  }

  /// Has something run on every replica that starts from now on, before it gets calls: a generator
  /// pulls the current weights. If a fan-out began meanwhile, it runs once more.
  ///
  /// @throws IllegalStateException if the service came as an argument
  public void onStart(Consumer<? super T> hook) {
    owned("onStart").updates().onStart(hook);
  }

  /// Has so many replicas. New ones start meanwhile; those that go end their calls and sessions
  /// first, for a bounded time, which is waited for.
  ///
  /// @throws IllegalArgumentException if there were none
  /// @throws IllegalStateException if the service came as an argument
  public void scaleTo(int numReplicas) {
    owned("scaleTo").scaleTo(numReplicas);
  }

  /// Has the number of replicas follow the calls that wait, from now on and as long as the service
  /// lasts, in place of what was said before.
  ///
  /// @throws IllegalStateException if the service came as an argument
  public void autoscale(Scaling scaling) {
    owned("autoscale").autoscale(scaling);
  }

  /// Waits until so many replicas are healthy.
  ///
  /// @throws dev.burnish.link.failure.CallTimedOut if that takes longer
  public void awaitHealthy(int numReplicas, Duration limit) {
    client.dispatcher().awaitHealthy(numReplicas, limit);
  }

  /// The replicas by number.
  ///
  /// @throws IllegalStateException if the service came as an argument
  public List<ReplicaStatus> replicas() {
    return owned("replicas").replicas().stream().map(Replica::status).toList();
  }

  /// The numbers of the processes of a replica with their operating system, by rank.
  ///
  /// @throws ReplicaLost if it has none now
  public List<Long> pids(int replica) {
    return owned("pids").replicas().stream()
        .filter(r -> r.index() == replica)
        .findFirst()
        .flatMap(Replica::procs)
        .orElseThrow(
            () -> new ReplicaLost("replica %d of %s has no processes now".formatted(replica, name)))
        .pids();
  }

  /// How it does, as calls from this process see it.
  public ServiceMetrics metrics() {
    Load load = client.dispatcher().load();
    return switch (backing) {
      case Owned<T>(ReplicaSet<T> replicas) ->
          client.traffic().metrics(load, replicas(), replicas.history());
      case Watched<T> _ -> client.traffic().metrics(load, List.of(), History.NONE);
    };
  }

  /// Its name.
  public String name() {
    return name;
  }

  /// Stops: what is under way and what waits may end, for a time; what has not by then fails, and
  /// so does every further call. Of a service that came as an argument, only the owner's stops.
  ///
  /// @throws IllegalStateException if the service came as an argument
  public void stop(Duration draining) {
    ReplicaSet<T> replicas = owned("stop");
    replicas.close(draining);
    replicas.leaveKeeper();
    system.statusBoard().remove("service " + name);
  }

  /// Stops, see [#stop], with the time to drain of its options.
  @Override
  public void close() {
    stop(owned("close").options().health().draining());
  }

  /// Such as `service policy`.
  @Override
  public String toString() {
    return "service " + name;
  }

  ServiceForm form() {
    return switch (backing) {
      case Watched<T>(_, ServiceForm form) -> form;
      case Owned<T>(ReplicaSet<T> replicas) -> {
        ServiceOptions options = replicas.options();
        yield new ServiceForm(
            name,
            replicas.address(),
            options.queueing(),
            options.router() instanceof Balancing known ? known : Balancing.LEAST_LOADED,
            options.call().timeout().toMillis(),
            options.call().retries());
      }
    };
  }

  /// For tests.
  Dispatcher<Target<T>> dispatcher() {
    return client.dispatcher();
  }

  /// For tests.
  ReplicaSet<T> owned() {
    return owned("replicas");
  }

  private ReplicaSet<T> owned(String what) {
    return switch (backing) {
      case Owned<T>(ReplicaSet<T> replicas) -> replicas;
      case Watched<T> _ ->
          throw new IllegalStateException(
              "only the owner of a service has that: service=%s method=%s; call it where the service was started"
                  .formatted(name, what));
    };
  }

  private FanOut<T> fanOut(List<ReplicaSlot<Target<T>>> slots) {
    return new FanOut<>(client, type, slots, defaults.timeout());
  }

  private void awaitSomeHealthy() {
    if (backing instanceof Owned<T>(ReplicaSet<T> replicas)) {
      replicas.awaitSettled(defaults.timeout());
    }
    client
        .membership()
        .await(name + " at all", system.clock().nanos() + defaults.timeout().toNanos());
    client.dispatcher().awaitHealthy(1, defaults.timeout());
  }

  private List<ReplicaSlot<Target<T>>> forChange() {
    awaitSomeHealthy();
    return switch (backing) {
      case Owned<T>(ReplicaSet<T> replicas) ->
          replicas.updates().begin(() -> client.dispatcher().healthy());
      case Watched<T>(DirectoryWatcher<T> watcher, _) -> watcher.forChange();
    };
  }
}
