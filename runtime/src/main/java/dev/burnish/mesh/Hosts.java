package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Waits;
import dev.burnish.launch.Backlog;
import dev.burnish.launch.LogLine;
import dev.burnish.launch.remote.HostSettings;
import dev.burnish.launch.remote.LaunchRequest;
import dev.burnish.launch.remote.LaunchRequest.AgentEnd;
import dev.burnish.launch.remote.Launcher;
import dev.burnish.launch.remote.Launcher.Launched;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.Network.Reach;
import dev.burnish.mesh.host.Agents;
import dev.burnish.mesh.host.Bootstrap;
import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.host.HostRegistry;
import dev.burnish.mesh.host.JobControl.HostStatus;
import dev.burnish.mesh.host.JoinServer;
import dev.burnish.mesh.host.JoinTicket;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/// The hosts that have joined a job.
final class Hosts implements HostRegistry, AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration STATUS = Duration.ofSeconds(5);

  private final Optional<JoinServer> server;
  private final Backlog output;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<ActorRef> agents = new ArrayList<>();
  private final List<AgentEnd> ends = new ArrayList<>();
  private Optional<Launched> launched = Optional.empty();
  private volatile boolean closed;

  private Hosts(Optional<JoinServer> server, Backlog output) {
    this.server = server;
    this.output = output;
  }

  static Hosts open(Optional<Reach> reach, Bootstrap template, ActorSystem system, Backlog output)
      throws IOException {
    Optional<JoinServer> server =
        reach.isEmpty()
            ? Optional.empty()
            : Optional.of(
                JoinServer.open(
                    reach.get().bind(),
                    reach.get().keys(),
                    name -> template.on(system.unique("host " + name).substring(5))));
    Hosts hosts = new Hosts(server, output);
    system.serve(HostRegistry.NUMBER, "hosts", HostRegistry.class, hosts);
    return hosts;
  }

  JoinTicket ticket() {
    return server
        .orElseThrow(() ->
            new IllegalStateException(
                "only a job that is open to other hosts takes them in; start it with JobOptions.withReach(address)"))
        .ticket();
  }

  /// Starts the agents of other hosts, if the settings name any.
  ///
  /// @param job its id, which other controllers may have too
  void launch(HostSettings settings, String job) {
    launched =
        Launcher.of(settings)
            .map(launcher ->
                launcher.launch(
                    new LaunchRequest(
                        "%s-%06x".formatted(job, RANDOM.nextInt(1 << 24)),
                        ticket().text(),
                        output,
                        this::ended)));
  }

  private void ended(AgentEnd end) {
    if (closed) {
      return;
    }
    System.getLogger(Hosts.class.getName())
        .log(System.Logger.Level.WARNING, "an agent has ended: {0}", end.describe());
    lock.lock();
    try {
      ends.add(end);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until a number of hosts has joined.
  ///
  /// @throws ReplicaLost if they have not in time, or one that was launched has ended
  List<ActorRef> await(int count, Duration patience) {
    ticket();
    lock.lock();
    try {
      long left = patience.toNanos();
      while (agents.size() < count) {
        if (left <= 0 || !ends.isEmpty()) {
          throw missing(count, patience);
        }
        left = Waits.awaitNanos(changed, left);
      }
      return List.copyOf(agents.subList(0, count));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallCancelled("interrupted while waiting for hosts");
    } finally {
      lock.unlock();
    }
  }

  private ReplicaLost missing(int count, Duration patience) {
    String why =
        ends.isEmpty()
            ? "none of the others within hosts.patience=" + patience
            : String.join("; ", ends.stream().map(AgentEnd::describe).toList());
    return new ReplicaLost("%d of %d hosts have joined: %s".formatted(agents.size(), count, why));
  }

  @Override
  public void joined(ActorRef agent) {
    lock.lock();
    try {
      agents.add(agent);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void printed(LogLine line) {
    output.accept(line);
  }

  private List<ActorRef> all(ActorRef own) {
    lock.lock();
    try {
      return Stream.concat(Stream.of(own), agents.stream()).toList();
    } finally {
      lock.unlock();
    }
  }

  List<HostStatus> status(ActorSystem system, ActorRef own) {
    return Scope.map(all(own), agent -> hostStatus(system, agent));
  }

  private static HostStatus hostStatus(ActorSystem system, ActorRef agent) {
    String host = agent.process().host();
    try {
      return new HostStatus(host, Agents.host(system, agent, STATUS).processes());
    } catch (CallTimedOut e) {
      return new HostStatus(host + " (does not answer)", List.of());
    } catch (CallFailure e) {
      return new HostStatus(host + " (lost)", List.of());
    }
  }

  /// Asks the host on which the process runs.
  List<String> log(ActorSystem system, ActorRef own, String process) {
    for (ActorRef agent : all(own)) {
      HostAgent host = Agents.host(system, agent);
      if (host.processes().stream().anyMatch(p -> p.process().equals(process))) {
        return host.log(process);
      }
    }
    return Agents.host(system, own).log(process);
  }

  /// Accepts no more hosts.
  @Override
  public void close() {
    closed = true;
    server.ifPresent(JoinServer::close);
  }

  /// Ends launched agents that still run, once the job has ended. An interrupt of the caller is
  /// kept for later: agents launched elsewhere would stay.
  void endLaunched() {
    launched.ifPresent(agents -> {
      Thread ending = Thread.ofVirtual().name("end hosts").start(() -> end(agents));
      boolean interrupted = false;
      while (ending.isAlive()) {
        try {
          Waits.join(ending);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    });
  }

  /// Waits a short time until all printed lines are passed on: no process prints any more.
  void endOutput() {
    output.close();
  }

  private static void end(Launched agents) {
    try {
      agents.close();
    } catch (RuntimeException e) {
      System.getLogger(Hosts.class.getName())
          .log(System.Logger.Level.WARNING, "agents elsewhere may be left", e);
    }
  }
}
