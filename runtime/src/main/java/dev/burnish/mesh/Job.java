package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.concurrent.TerminalText;
import dev.burnish.concurrent.Thrown;
import dev.burnish.concurrent.Waits;
import dev.burnish.launch.Backlog;
import dev.burnish.launch.JvmStarter;
import dev.burnish.launch.LineFolder;
import dev.burnish.launch.LogApart;
import dev.burnish.launch.LogSink;
import dev.burnish.launch.ProcessStarter;
import dev.burnish.launch.remote.HostSettings;
import dev.burnish.link.Clock;
import dev.burnish.link.transport.JobKeys;
import dev.burnish.link.transport.MemoryNetwork;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.Network.Reach;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.mesh.host.ActorSystems;
import dev.burnish.mesh.host.Bootstrap;
import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.host.InProcessStarter;
import dev.burnish.mesh.host.JobControl;
import dev.burnish.mesh.host.JobFolder;
import dev.burnish.mesh.host.Jobs;
import dev.burnish.mesh.host.JoinTicket;
import dev.burnish.mesh.host.LocalAgent;
import dev.burnish.mesh.host.Worker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

/// A program and the processes that work for it: the root of everything spawned.
///
/// ```java
/// try (Job job = Job.start(JobOptions.named("counting"))) {
///   ProcMesh procs = job.hosts().spawnProcs(Map.of("gpus", 4));
///   OwnedMesh<Counter> counters = procs.spawn("counters", Counter.class, CounterActor::new, 0);
///   counters.fanout(c -> c.add(1));
///   List<Integer> values = counters.gather(Counter::value);
/// }
/// ```
///
/// A failure that nobody handles ends the program, unless [#onUnhandled] says otherwise.
public final class Job implements AutoCloseable {
  private static final Duration FOLDING = Duration.ofSeconds(3);

  private final JobFolder folder;
  private final ActorSystem system;
  private final LocalAgent agent;
  private final Hosts joined;
  private final Optional<HostSettings> elsewhere;
  private final Program program = new Program();
  private final AtomicBoolean closed = new AtomicBoolean();

  private Job(
      JobFolder folder,
      ActorSystem system,
      LocalAgent agent,
      Hosts joined,
      Optional<HostSettings> elsewhere) {
    this.joined = joined;
    this.elsewhere = elsewhere;
    this.folder = folder;
    this.system = system;
    this.agent = agent;
  }

  /// Starts a job on this host.
  ///
  /// @throws UncheckedIOException if its folder or socket cannot be made
  public static Job start(JobOptions options) {
    LogApart.begin();
    try {
      JobFolder folder = JobFolder.create(options.name());
      byte[] token = new byte[32];
      new SecureRandom().nextBytes(token);
      try {
        return switch (options.processes()) {
          case JVMS -> jvms(options, folder, token);
          case THREADS -> threads(options, folder, token);
        };
      } catch (IOException | RuntimeException e) {
        folder.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start the job %s: %s".formatted(options.name(), e), e);
    }
  }

  private static Job jvms(JobOptions options, JobFolder folder, byte[] token) throws IOException {
    Optional<Reach> reach =
        options
            .reach()
            .or(() -> elsewhere(options).map(HostSettings::reach))
            .map(address -> new Reach(address, JobKeys.create()));
    Network network =
        SocketNetwork.open(
            ActorSystem.CONTROLLER,
            host(),
            folder.path(),
            options.settings().link().limits().maxBytes(),
            reach);
    Job job =
        open(
            options, folder, token, network, reach, output -> new JvmStarter(Worker.class, output));
    Jobs.publish(folder, network.self(), token);
    try {
      elsewhere(options).ifPresent(hosts -> job.joined.launch(hosts, job.id()));
    } catch (RuntimeException e) {
      job.close();
      throw e;
    }
    return job;
  }

  private static Optional<HostSettings> elsewhere(JobOptions options) {
    return Optional.of(options.hosts())
        .filter(hosts -> hosts.isElsewhere() && options.processes() == JobOptions.Processes.JVMS);
  }

  private static Job threads(JobOptions options, JobFolder folder, byte[] token)
      throws IOException {
    MemoryNetwork network = MemoryNetwork.create(ActorSystem.CONTROLLER, host());
    ProcessStarter starter = new InProcessStarter(network, loader());
    return open(options, folder, token, network, Optional.empty(), _ -> starter);
  }

  private static Job open(
      JobOptions options,
      JobFolder folder,
      byte[] token,
      Network network,
      Optional<Reach> reach,
      Function<LogSink, ProcessStarter> starter)
      throws IOException {
    ActorSystem system =
        ActorSystems.open(
            network, token, options.settings(), loader(), Optional.empty(), options.tracing());
    Bootstrap template =
        new Bootstrap(
            "",
            host(),
            folder.path().toString(),
            token,
            reach.map(Reach::keys),
            reach.map(r -> r.bind().getHostAddress()).orElse(""),
            new ActorRef(system.self(), HostAgent.NUMBER),
            system.self(),
            Bootstrap.Times.of(options.settings()),
            options.settings().link().limits(),
            Bootstrap.Bulk.of(options.settings().link().bulk()),
            Bootstrap.Traced.of(options.tracing()));
    Backlog output = new Backlog(options.log());
    LocalAgent agent = new LocalAgent(system, starter.apply(output), template);
    system.serve(HostAgent.NUMBER, "host", HostAgent.class, agent);
    Hosts hosts = Hosts.open(reach, template, system, output);
    Job job = new Job(folder, system, agent, hosts, elsewhere(options));
    system.serve(JobControl.NUMBER, "control", JobControl.class, job.new Control());
    return job;
  }

  /// A script's classes are in the loader of its thread.
  private static ClassLoader loader() {
    return Optional.ofNullable(Thread.currentThread().getContextClassLoader())
        .orElse(Job.class.getClassLoader());
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  /// Prints to standard output, with prefixes, similar lines folded.
  static LogSink printingSink() {
    return new LineFolder(Clock.system(), FOLDING, System.out::println);
  }

  /// The hosts of the job: those that its settings name, once they have joined; else this one.
  ///
  /// @throws dev.burnish.link.failure.ReplicaLost if they cannot be started, or do not join in time
  public HostMesh hosts() {
    return elsewhere
        .map(hosts -> joinedHosts(hosts.numHosts(), hosts.patience()))
        .orElseGet(this::here);
  }

  /// This host alone, wherever the others are: for processes that share memory with this one.
  public HostMesh here() {
    return new HostMesh(
        system,
        Shape.of(Map.of("hosts", 1)),
        List.of(new ActorRef(system.self(), HostAgent.NUMBER)),
        Optional.of(program));
  }

  /// Waits until other hosts have joined, with `burnish worker --join`; the mesh consists of the
  /// first hosts that did, along the axis `hosts`.
  ///
  /// @throws IllegalStateException if the job is not open to other hosts
  public HostMesh awaitHosts(int count) {
    return joinedHosts(count, Duration.ofDays(365));
  }

  private HostMesh joinedHosts(int count, Duration patience) {
    return new HostMesh(
        system,
        Shape.of(Map.of("hosts", count)),
        joined.await(count, patience),
        Optional.of(program));
  }

  /// The ticket that another host needs to join: to be passed on where only this user reads it.
  ///
  /// @throws IllegalStateException if the job is not open to other hosts
  public JoinTicket ticket() {
    return joined.ticket();
  }

  /// Gives a failure that nobody handled to a handler, instead of ending the program. It is called
  /// once, for the first failure.
  public void onUnhandled(Consumer<Failure> handler) {
    program.handler = handler;
  }

  /// The name of the job with the number of its process, as `burnish ps` shows it.
  public String id() {
    return folder.name();
  }

  /// Stops everything that was spawned, the last first, and ends the processes. Waits a bounded
  /// time.
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      program.close();
      joined.close();
      agent.close();
      system.close();
      joined.endLaunched();
      joined.endOutput();
      folder.close();
    }
  }

  /// The requests of `burnish ps`, `logs` and `stop`.
  private final class Control implements JobControl {
    private final long began = System.nanoTime();

    @Override
    public JobStatus status() {
      long pid = ProcessHandle.current().pid();
      return new JobStatus(
          id(),
          pid,
          LocalAgent.residentMegabytes(pid),
          Duration.ofNanos(System.nanoTime() - began).toMillis(),
          joined.status(system, new ActorRef(system.self(), HostAgent.NUMBER)),
          system.actors(),
          system.statusBoard().all());
    }

    @Override
    public List<String> log(String process) {
      return joined.log(system, new ActorRef(system.self(), HostAgent.NUMBER), process);
    }

    /// Stops like Ctrl-C: the program's own handlers run, and its shutdown hooks.
    @Override
    public void stop() {
      Thread.ofPlatform()
          .name("stop")
          .start(() -> {
            close();
            System.exit(Program.STOPPED);
          });
    }
  }

  /// The root of the tree of owners.
  private final class Program implements Owner {
    /// The exit status of a program that was stopped, as the shell reports it for SIGTERM.
    private static final int STOPPED = 143;

    private static final int SERVICES = 4;

    private final List<AutoCloseable> owned = new ArrayList<>();
    private final AtomicBoolean failed = new AtomicBoolean();
    private volatile Consumer<Failure> handler = Program.this::end;

    @Override
    public synchronized void own(AutoCloseable closeable) {
      owned.add(closeable);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // a user's equals is not asked
    public synchronized void disown(AutoCloseable closeable) {
      owned.removeIf(each -> each == closeable);
    }

    @Override
    public void failed(Failure failure) {
      if (!closed.get() && failed.compareAndSet(false, true)) {
        Thread.ofPlatform().name("unhandled-failure").start(() -> handle(failure));
      }
    }

    /// A handler that fails counts as none.
    private void handle(Failure failure) {
      try {
        handler.accept(failure);
      } catch (Throwable e) {
        System.err.println("burnish: the handler of failures failed: " + Thrown.text(e));
        end(failure);
      }
    }

    /// Ends the program whatever the terminal and the things to be closed do.
    private void end(Failure failure) {
      String why =
          "burnish: the program ends, a failure was not handled:\n"
              + TerminalText.cleanLines(failure.describe());
      Thread telling =
          Thread.ofPlatform().daemon().name("tell").start(() -> System.err.println(why));
      try {
        Waits.join(telling, Duration.ofSeconds(2));
        Thread closing = Thread.ofPlatform().daemon().name("close").start(Job.this::close);
        Waits.join(closing, Duration.ofSeconds(10));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      System.exit(1);
    }

    /// Each of them takes a bounded time by itself: a mesh that of an actor, a service more, in
    /// which calls end.
    private void close() {
      List<AutoCloseable> closing;
      synchronized (this) {
        closing = List.copyOf(owned);
      }
      Duration limit = system.settings().stopped().multipliedBy(SERVICES);
      system.closing(limit).lastFirst(id(), closing);
    }
  }
}
