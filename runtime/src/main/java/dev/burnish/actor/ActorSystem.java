package dev.burnish.actor;

import dev.burnish.concurrent.Waits;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.concurrent.Carriers;
import dev.burnish.concurrent.Closing;
import dev.burnish.concurrent.SystemThreads;
import dev.burnish.link.CallChain;
import dev.burnish.link.CallMemory;
import dev.burnish.link.CallSession;
import dev.burnish.link.Clock;
import dev.burnish.link.Link;
import dev.burnish.link.OpenCall;
import dev.burnish.link.Switchboard;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.wire.Codec;
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
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/// One process of a job: its actors, and the way to those of the others.
public final class ActorSystem implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ActorSystem.class.getName());

  /// What a process does for others, under the number 0, which no actor has.
  sealed interface Command {
    /// Makes an actor. Answered when it is constructed.
    record Spawn(ActorSpec spec) implements Command {}

    /// Stops an actor. Answered when it has stopped.
    record Stop(long number, String reason) implements Command {}

    /// Tells the owner of a mesh of a failure. Not answered.
    record Failed(long mesh, Failure failure) implements Command {}

    /// Asks the owner of a mesh where one of its actors is. Answered when it is somewhere.
    record Locate(long mesh, int place) implements Command {}

    /// Pings an actor; it answers whatever it is doing.
    record Ping(long number) implements Command {}

    /// Answered when an actor is constructed.
    record Await(long number) implements Command {}
  }

  /// Numbers below are those of agents, which are not spawned.
  private static final long NUM_AGENTS = 1L << 16;

  static final Link.Target SELF = new Link.Target(0, 0);

  private final ActorSystemSettings settings;
  private final Threads threads;
  private final ClassLoader loader;
  private final Codecs codecs;
  private final Codec commands;
  private final Codec places;
  private final Clock clock;
  private final Optional<Tracing> tracing;
  private final Switchboard switchboard;
  private final Cells cells = new Cells();
  private final Map<Class<?>, Endpoints> endpoints = new ConcurrentHashMap<>();
  private final Map<Long, Supervisor.Keeper> owned = new ConcurrentHashMap<>();
  private final Map<String, Integer> names = new ConcurrentHashMap<>();
  private final AtomicLong numbers;
  private final StatusBoard statusBoard = new StatusBoard();
  private final CallMemory callMemory = CallMemory.ofThisProcess();

  /// Numbers of actors that were not spawned.
  private final Set<Long> served = ConcurrentHashMap.newKeySet();

  /// How a process runs actors.
  @FunctionalInterface
  public interface Threads {
    /// Runs code of users soon, under a name.
    void run(String name, Runnable work);

    /// Runs what starts, watches and ends actors and processes, which code of users must not hold
    /// up.
    default void runSystem(String name, Runnable work) {
      run(name, work);
    }

    /// Each on a virtual thread, what is the system's on the platform's. Where code of users holds
    /// all the carriers of virtual threads, there will be more of them.
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

  /// What a process works with.
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

  /// A process that calls others, and refuses whatever they ask of it.
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
    this.commands = codecs.of(Command.class);
    this.places = codecs.of(ActorRef.class);
    this.numbers = new AtomicLong(firstNumber(parts.network().self().process()));
    this.switchboard =
        new Switchboard(
            parts.network(), parts.token(), handler.apply(this), parts.clock(), settings.link());
  }

  /// Numbers that this process gives to actors of others differ from those that others give: the
  /// upper half is a digest of its name.
  private static long firstNumber(String process) {
    return digest(process) | NUM_AGENTS;
  }

  private static long digest(String process) {
    long digest = 0xcbf29ce484222325L;
    for (int i = 0; i < process.length(); i++) {
      digest = (digest ^ process.charAt(i)) * 0x100000001b3L;
    }
    return digest & 0x7fff_ffff_0000_0000L;
  }

  /// Where this process is reached.
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
    return actor < NUM_AGENTS ? Optional.empty() : tracing;
  }

  /// What tells an actor of this process from all others of the job: its number, or more for an
  /// agent, which has the same in every process.
  long identity(long number) {
    return number < NUM_AGENTS ? digest(self().process()) | number : number;
  }

  /// A number that no other mesh or actor of the job has.
  public long nextNumber() {
    return numbers.incrementAndGet();
  }

  /// A name that no other of this process's has: itself, or with a number after it.
  public String unique(String name) {
    int count = names.merge(name, 1, Integer::sum);
    return count == 1 ? name : name + "-" + count;
  }

  /// Runs something of the system soon, under a name. It may wait.
  public void execute(String name, Runnable work) {
    threads.runSystem(name, work);
  }

  /// Runs code of users soon, under a name, as calls of actors are.
  public void executeForUser(String name, Runnable work) {
    threads.run(name, work);
  }

  /// Closes things, the last first.
  ///
  /// @param limit for those that have not closed in the time that an actor has to stop
  public Closing closing(Duration limit) {
    return new Closing(this::execute, clock::after, settings.stopping(), limit);
  }

  /// What has come for actors of this process and has not ended.
  CallMemory callMemory() {
    return callMemory;
  }

  boolean isAgent(long number) {
    return number < NUM_AGENTS || served.contains(number);
  }

  /// Runs something when some time has passed, under a name. It may wait.
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

  /// What this process tells of itself to people, besides its actors.
  public StatusBoard statusBoard() {
    return statusBoard;
  }

  /// Prepares the making of an actor: looks into the factory.
  ///
  /// @throws IllegalArgumentException if the factory or an argument does not travel
  public Blueprint blueprint(Class<?> type, Factory factory, List<?> arguments) {
    return new Blueprint(
        type.getName(), check(type), Construction.of(factory, arguments, loader, codecs));
  }

  /// How to make actors that differ only in their place.
  public static final class Blueprint {
    private final String type;
    private final String signature;
    private final Construction.Recipe recipe;

    Blueprint(String type, String signature, Construction.Recipe recipe) {
      this.type = type;
      this.signature = signature;
      this.recipe = recipe;
    }
  }

  /// Has an actor made in a process. The call ends when it is constructed, or with what its
  /// constructor threw; calls that are sent after this wait for it.
  ///
  /// @param mesh under which [#supervise] was called
  public OpenCall spawn(
      Link link, Blueprint blueprint, String name, Point point, long number, long mesh) {
    CallSession session = link.session();
    ActorSpec spec =
        new ActorSpec(
            number,
            name,
            point,
            blueprint.type,
            blueprint.signature,
            blueprint.recipe.encode(session),
            mesh);
    return command(link, session, "spawn of " + name, new Command.Spawn(spec));
  }

  /// Has an actor of another process stopped; the call ends when it has, or has had its time.
  public OpenCall stop(Link link, long number, String reason) {
    return command(
        link,
        link.session(),
        "stop of actor " + number,
        new Command.Stop(number, reason),
        settings.stopped());
  }

  /// Asks the owner of a mesh where one of its actors is; waits while it is being made anew.
  ///
  /// @param owner the number of the mesh in the owner's process
  /// @throws ReplicaLost if the actor, the mesh or the owner is gone
  public ActorRef locate(ActorRef owner, int place) {
    Link link = switchboard.link(owner.process());
    CallSession session = link.session();
    byte[] result =
        command(link, session, "place of an actor", new Command.Locate(owner.number(), place))
            .await(loader);
    return (ActorRef) places.decode(result, link.resultSession()).getFirst();
  }

  /// Pings an actor through its process: it answers at once, also while the actor is busy. Fails if
  /// there is no such actor, or it has failed.
  public OpenCall ping(Link link, long number, Duration limit) {
    return command(link, link.session(), "ping", new Command.Ping(number), limit);
  }

  /// A call that ends when an actor is constructed, or fails as its constructor did.
  public OpenCall await(Link link, long number, Duration limit) {
    return command(
        link, link.session(), "construction of " + number, new Command.Await(number), limit);
  }

  /// A call that ends when an actor has come to what was sent to it before.
  OpenCall reached(Link link, long number, String what, Duration limit) {
    CallSession session = link.session();
    Link.Target self = new Link.Target(SELF.actor(), SELF.method(), CallChain.current());
    byte[] encoded = commands.encode(List.of(new Command.Await(number)), session);
    return link.call(what, self, encoded, limit, session);
  }

  private OpenCall command(Link link, CallSession session, String what, Command command) {
    return command(link, session, what, command, settings.timeout());
  }

  private OpenCall command(
      Link link, CallSession session, String what, Command command, Duration limit) {
    return link.call(what, SELF, commands.encode(List.of(command), session), limit, session);
  }

  /// Has failures of a mesh of this process's given to its owner, who is asked where its actors
  /// are.
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

  /// A stub whose methods return at once; what the actor throws is a failure of the actor.
  public <T> T caster(Class<T> type, Stub.Target target) {
    return caster(type, target, settings.timeout());
  }

  /// The same.
  ///
  /// @param timeout how long it waits while very much is unsent, or the actor is nowhere
  public <T> T caster(Class<T> type, Stub.Target target, Duration timeout) {
    return proxy(type, new Stub(this, endpoints(type), target, timeout, Stub.Mode.CAST));
  }

  private static <T> T proxy(Class<T> type, Stub stub) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, stub));
  }

  /// What an actor of this process is doing.
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
