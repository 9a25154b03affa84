package dev.burnish.service;

import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Factory;
import dev.burnish.mesh.HostMesh;
import dev.burnish.service.ServiceKind.ServiceForm;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.ReplicaSlot;
import dev.burnish.service.routing.Request.Affinity;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A service as its callers see it: the owner in its [OwnedService], other processes as an
/// argument. It calls the replicas directly, and can neither change nor stop the service.
///
/// ```java
/// record Scorer(Service<Reward> reward) {
///   double score(String prompt, String completion) {
///     return reward.route().evaluate(prompt, completion);
///   }
/// }
/// ```
///
/// Calls are made on the caller's thread and go straight to a replica. An exception of an endpoint,
/// a deadline or an interrupt of the caller never makes a replica unhealthy. Thread-safe.
///
/// @param <T> the interface of the actors
public sealed class Service<T> permits OwnedService {
  private final Class<T> type;
  private final ServiceClient client;
  private final CallOptions defaults;
  private final T routed;

  Service(Class<T> type, ServiceClient client, Duration timeout) {
    this.type = type;
    this.client = client;
    this.defaults = new CallOptions(timeout, 0, Optional.empty());
    this.routed = route(defaults);
  }

  /// Starts a service whose actors are constructed without arguments.
  public static <T> OwnedService<T> start(
      HostMesh hosts,
      String name,
      Class<T> type,
      Factory.Of0<? extends T> factory,
      ServiceOptions options) {
    return start(hosts, name, type, factory, List.of(), options);
  }

  /// Starts a service whose actors are constructed with an argument.
  public static <T, A> OwnedService<T> start(
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
  public static <T> OwnedService<T> start(
      HostMesh hosts,
      String name,
      Class<T> type,
      Factory factory,
      List<?> arguments,
      ServiceOptions options) {
    return OwnedService.launch(hosts, name, type, factory, arguments, options);
  }

  /// The service that another process named.
  ///
  /// @param atEnd run when the service has ended
  static <T> Service<T> watch(ActorSystem system, Class<T> type, ServiceForm form, Runnable atEnd) {
    Dispatcher dispatcher =
        new Dispatcher(form.name(), form.queueing(), form.balancing().get(), system.clock());
    DirectoryWatcher watcher = new DirectoryWatcher(system, type, form, dispatcher, atEnd);
    ServiceClient client =
        new ServiceClient(
            form.name(),
            dispatcher,
            new Traffic(system.clock()),
            system.clock(),
            form.retries(),
            watcher);
    watcher.start();
    return new Service<>(type, client, form.timeout());
  }

  /// A stub whose every call goes to a healthy replica of the router's choice. A replica of several
  /// processes is called in all of them; the result is that of rank 0.
  public T route() {
    return routed;
  }

  /// The same with a deadline, a priority or a key, from [#options()].
  public T route(CallOptions options) {
    Affinity affinity = options.key().<Affinity>map(Affinity.Keyed::new).orElse(Affinity.ANY);
    return RoutedStub.of(
        type, toString(), (method, arguments) -> client.call(method, arguments, options, affinity));
  }

  /// The defaults of calls.
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

  /// Calls every healthy replica, concurrently with all other calls, and waits for all. For a
  /// change of state that replicas which start later must have too, the owner uses
  /// [OwnedService#update]; a replica that joins meanwhile runs its [OwnedService#onStart] again.
  ///
  /// @throws RuntimeException the first failure by number, unchanged, with a suppressed exception
  ///   that names the replica; the others follow as suppressed exceptions too
  public void fanout(Consumer<? super T> call) {
    awaitSomeHealthy();
    fanOut(client.membership().forChange())
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

  /// Calls every healthy replica and returns the outcomes, by the number of the replica.
  public <R extends @Nullable Object> List<Outcome<R>> gatherPartial(
      Function<? super T, ? extends R> call) {
    awaitSomeHealthy();
    return fanOut(client.dispatcher().healthy()).outcomes(call);
  }

  /// Waits until a number of replicas is healthy.
  ///
  /// @throws dev.burnish.link.failure.CallTimedOut if that takes longer
  public void awaitHealthy(int numReplicas, Duration limit) {
    client.dispatcher().awaitHealthy(numReplicas, limit);
  }

  /// Metrics of the calls from this process.
  public ServiceMetrics metrics() {
    Membership members = client.membership();
    return client
        .traffic()
        .metrics(client.dispatcher().load(), members.statuses(), members.history());
  }

  /// Its name.
  public String name() {
    return client.name();
  }

  /// Such as `service policy`.
  @Override
  public final String toString() {
    return "service " + name();
  }

  /// The client that its calls go through.
  ServiceClient client() {
    return client;
  }

  /// The same without the methods of an owner.
  Service<T> withoutOwner() {
    return this;
  }

  FanOut<T> fanOut(List<ReplicaSlot> slots) {
    return new FanOut<>(client, type, slots, defaults.timeout());
  }

  void awaitSomeHealthy() {
    Duration limit = defaults.timeout();
    client.membership().awaitSettled(limit);
    client.membership().await(name() + " at all", client.clock().nanos() + limit.toNanos());
    client.dispatcher().awaitHealthy(1, limit);
  }
}
