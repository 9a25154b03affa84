package dev.burnish.actor;

import dev.burnish.concurrent.Carriers;
import dev.burnish.concurrent.Closing;
import dev.burnish.concurrent.SystemThreads;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.CallMemory;
import dev.burnish.link.Clock;
import dev.burnish.link.Link;
import dev.burnish.link.Switchboard;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Frames;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;

/// One process of a job: its actors, and the access to those of the others.
public final class ActorSystem implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ActorSystem.class.getName());

  private final ActorSystemSettings settings;
  private final Threads threads;
  private final ClassLoader loader;
  private final Codecs codecs;
  private final Clock clock;
  private final Optional<Tracing> tracing;
  private final Switchboard switchboard;
  private final RemoteActors remote;
  private final Cells cells = new Cells();
  private final Map<Class<?>, Endpoints> endpoints = new ConcurrentHashMap<>();
  private final Map<Long, Supervisor.Keeper> owned = new ConcurrentHashMap<>();
  private final Map<String, Integer> names = new ConcurrentHashMap<>();
  private final ActorNumbers numbers;
  private final StatusBoard statusBoard = new StatusBoard();
  private final CallMemory callMemory = CallMemory.ofThisProcess();

  /// Numbers of actors that were not spawned.
  private final Set<Long> served = ConcurrentHashMap.newKeySet();

  /// How a process runs actors.
  @FunctionalInterface
  public interface Threads {
    /// Runs user code soon, under a name.
    void run(String name, Runnable work);

    /// Runs the work that starts, watches and ends actors and processes, which user code must not
    /// hold up.
    default void runSystem(String name, Runnable work) {
      run(name, work);
    }

    /// Virtual threads for each piece of work, platform threads for the work of the system. Where
    /// user code holds all the carriers of virtual threads, more are added.
    static Threads virtual() {
      Carriers.watch();
      return new Threads() {
        @Override
        public void run(String name, Runnable work) {
          Thread.ofVirtual().name(name).start(work);
        }

        @Override
        public void runSystem(String name, Runnable work) {
          SystemThreads.run(name, work);
        }
      };
    }
  }

  /// The collaborators of a process.
  ///
  /// @param token of the job
  /// @param loader of the classes of actors
  /// @param codecs of types; processes of one JVM without handles may share them
  /// @param tracing in a job that is traced
  public record Parts(
      Network network,
      byte[] token,
      Clock clock,
      Threads threads,
      ClassLoader loader,
      Codecs codecs,
      Optional<Tracing> tracing) {}

  /// A process that listens.
  public ActorSystem(Parts parts, ActorSystemSettings settings) {
    this(parts, settings, system -> new InboundCalls(system, system.cells, system.owned));
  }

  /// A process that calls others, and refuses all requests to it.
  public static ActorSystem visitor(Parts parts, ActorSystemSettings settings) {
    return new ActorSystem(parts, settings, _ -> new InboundCalls.Refusing());
  }

  private ActorSystem(
      Parts parts, ActorSystemSettings settings, Function<ActorSystem, Link.Handler> handler) {
    this.settings = settings;
    this.threads = parts.threads();
    this.loader = parts.loader();
    this.clock = parts.clock();
    this.tracing = parts.tracing();
    this.codecs = parts.codecs();
    this.numbers = new ActorNumbers(parts.network().self().process());
    this.switchboard =
        new Switchboard(
            parts.network(), parts.token(), handler.apply(this), parts.clock(), settings.link());
    this.remote = new RemoteActors(this);
  }

  /// The address of this process.
  public ProcessAddress self() {
    return switchboard.self();
  }

  /// The name of the process that began the job.
  public static final String CONTROLLER = "controller";

  /// Whether this process began the job.
  public boolean isController() {
    return self().process().equals(CONTROLLER);
  }

  /// How actors and calls behave.
  public ActorSystemSettings settings() {
    return settings;
  }

  /// The links to others.
  public Switchboard switchboard() {
    return switchboard;
  }

  /// The codecs of this process.
  public Codecs codecs() {
    return codecs;
  }

  /// The classes of actors.
  public ClassLoader loader() {
    return loader;
  }

  /// The time.
  public Clock clock() {
    return clock;
  }

  /// Follows calls, in a job that is traced.
  public Optional<Tracing> tracing() {
    return tracing;
  }

  /// The same for calls of one actor: agents are not followed.
  Optional<Tracing> tracing(long actor) {
    return ActorNumbers.isAgent(actor) ? Optional.empty() : tracing;
  }

  /// See [ActorNumbers#identity].
  long identity(long number) {
    return numbers.identity(number);
  }

  /// A number that is unique among the meshes and actors of the job.
  public long nextNumber() {
    return numbers.next();
  }

  /// A name that is unique in this process: itself, or with a number after it.
  public String unique(String name) {
    int count = names.merge(name, 1, Integer::sum);
    return count == 1 ? name : name + "-" + count;
  }

  /// Runs work of the system soon, under a name. It may wait.
  public void execute(String name, Runnable work) {
    threads.runSystem(name, work);
  }

  /// Runs user code soon, under a name, as calls of actors are.
  public void executeForUser(String name, Runnable work) {
    threads.run(name, work);
  }

  /// Closes things, the last first.
  ///
  /// @param limit for those that have not closed in the time that an actor has to stop
  public Closing closing(Duration limit) {
    return new Closing(this::execute, clock::after, settings.stopping(), limit);
  }

  /// The calls that have come for actors of this process and have not ended.
  CallMemory callMemory() {
    return callMemory;
  }

  boolean isAgent(long number) {
    return ActorNumbers.isAgent(number) || served.contains(number);
  }

  /// Runs an action after a delay, under a name. It may wait.
  public void later(Duration delay, String name, Runnable work) {
    clock().after(delay, () -> execute(name, work));
  }

  /// Checks that an interface can be an actor's.
  ///
  /// @return the text that is equal on both sides only if the endpoints are
  /// @throws IllegalArgumentException if a parameter or result does not travel
  public String check(Class<?> type) {
    return endpoints(type).signature();
  }

  /// An actor of this process that exists already, under a number of its own.
  ///
  /// @param number below 65536, or [#nextNumber()]
  public <T> ActorRef serve(long number, String name, Class<T> type, T instance) {
    ActorSpec spec =
        new ActorSpec(
            number,
            name,
            Point.single(),
            type.getName(),
            "",
            new Construction("", "", "", new byte[0]),
            0);
    ActorCell cell =
        new ActorCell(
            this,
            spec,
            failure -> LOG.log(System.Logger.Level.ERROR, failure.describe()),
            this::execute);
    cell.adopt(instance, endpoints(type));
    served.add(number);
    cells.put(number, cell);
    return new ActorRef(self(), number);
  }

  /// An actor of this process that exists already, until [#dismiss].
  public <T> ActorRef serve(String name, Class<T> type, T instance) {
    return serve(nextNumber(), name, type, instance);
  }

  /// Ends [#serve]: calls to it fail.
  public void dismiss(ActorRef served) {
    cells.dismiss(served.number());
    this.served.remove(served.number());
  }

  /// The status that this process shows to people in addition to its actors.
  public StatusBoard statusBoard() {
    return statusBoard;
  }

  /// Prepares the construction of an actor: inspects the factory.
  ///
  /// @throws IllegalArgumentException if the factory or an argument does not travel
  public RemoteActors.Blueprint blueprint(Class<?> type, Factory factory, List<?> arguments) {
    return new RemoteActors.Blueprint(
        type.getName(), check(type), Construction.of(factory, arguments, loader, codecs));
  }

  /// The actors of other processes: spawns, stops, finds and pings them.
  public RemoteActors remote() {
    return remote;
  }

  /// Gives failures of a mesh of this process to its owner, who is asked where its actors are.
  public void supervise(long mesh, Supervisor.Keeper owner) {
    owned.put(mesh, owner);
  }

  /// Ends [#supervise].
  public void forget(long mesh) {
    owned.remove(mesh);
  }

  /// A stub: its methods call the actor and wait.
  ///
  /// @param target asked at every call
  public <T> T stub(Class<T> type, Stub.Target target, Duration timeout) {
    return proxy(type, new Stub(this, endpoints(type), target, timeout, Stub.Mode.CALL));
  }

  /// A stub whose methods return at once; an exception of the actor is a failure of the actor.
  public <T> T caster(Class<T> type, Stub.Target target) {
    return caster(type, target, settings.timeout());
  }

  /// The same as [#caster(Class, Stub.Target)], with a timeout.
  ///
  /// @param timeout how long it waits while very much is unsent, or the actor has no process
  public <T> T caster(Class<T> type, Stub.Target target, Duration timeout) {
    return proxy(type, new Stub(this, endpoints(type), target, timeout, Stub.Mode.CAST));
  }

  private static <T> T proxy(Class<T> type, Stub stub) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, stub));
  }

  /// The current state of an actor of this process.
  ///
  /// @param numCalls since it began
  /// @param callsPerSecond over the last ten seconds
  public record ActorStatus(
      String name,
      int rank,
      String type,
      String state,
      int numQueued,
      long numCalls,
      double callsPerSecond) {}

  /// The actors of this process.
  public List<ActorStatus> actors() {
    return cells.all().stream()
        .map(cell ->
            new ActorStatus(
                cell.spec().name(),
                cell.spec().point().rank(),
                cell.spec().type(),
                cell.state(),
                cell.numQueued(),
                cell.numCalls(),
                cell.callsPerSecond()))
        .sorted(Comparator.comparing(ActorStatus::name).thenComparingInt(ActorStatus::rank))
        .toList();
  }

  /// Stops every actor and ends every link. Takes a bounded time.
  @Override
  public void close() {
    Collection<ActorCell> all = cells.all();
    CountDownLatch stopped = new CountDownLatch(all.size());
    for (ActorCell cell : all) {
      execute(
          cell.title() + "/stop",
          () -> {
            try {
              cell.lifecycle().stop("its process ends");
            } finally {
              stopped.countDown();
            }
          });
    }
    try {
      if (!Waits.await(stopped, settings.stopped())) {
        LOG.log(System.Logger.Level.WARNING, "not every actor stops: process={0}", self());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    switchboard.close();
    tracing.ifPresent(Tracing::close);
  }

  Endpoints endpoints(Class<?> type) {
    return endpoints.computeIfAbsent(type, t -> Endpoints.of(t, codecs));
  }

  void remove(long number, ActorCell cell) {
    cells.ended(number, cell);
    served.remove(number);
    switchboard.links().forEach(link -> link.actorEnded(number));
  }

  void checkResult(byte[] bytes) {
    int limit = Frames.maxPayload(codecs.limits());
    if (bytes.length > limit) {
      throw new IllegalArgumentException(
          "it takes %d bytes, over the limit of a frame: wire.maxBytes=%d; return bulk data as a Region, or raise the limit"
              .formatted(bytes.length, codecs.limits().maxBytes()));
    }
  }
}
