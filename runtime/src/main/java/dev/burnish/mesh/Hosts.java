package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Node;
import dev.burnish.launch.LogLine;
import dev.burnish.launch.LogSink;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.transport.SocketNetwork.Reach;
import dev.burnish.mesh.host.Agents;
import dev.burnish.mesh.host.Bootstrap;
import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.host.HostRegistry;
import dev.burnish.mesh.host.JobControl.HostStatus;
import dev.burnish.mesh.host.JoinServer;
import dev.burnish.mesh.host.JoinTicket;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/// The hosts that have joined a job.
final class Hosts implements HostRegistry, AutoCloseable {
  private final Optional<JoinServer> server;
  private final LogSink log;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<ActorRef> agents = new ArrayList<>();

  private Hosts(Optional<JoinServer> server, LogSink log) {
    this.server = server;
    this.log = log;
  }

  static Hosts open(Optional<Reach> reach, Bootstrap template, Node node, LogSink log)
      throws IOException {
    Optional<JoinServer> server =
        reach.isEmpty()
            ? Optional.empty()
            : Optional.of(
                JoinServer.open(
                    reach.get().bind(),
                    reach.get().keys(),
                    name -> template.on(node.unique("host " + name).substring(5))));
    Hosts hosts = new Hosts(server, log);
    node.serve(HostRegistry.NUMBER, "hosts", HostRegistry.class, hosts);
    return hosts;
  }

  JoinTicket ticket() {
    return server
        .orElseThrow(() ->
            new IllegalStateException(
                "only a job that is open to other hosts takes them in; start it with JobOptions.withReach(address)"))
        .ticket();
  }

  List<ActorRef> await(int count) {
    ticket();
    lock.lock();
    try {
      while (agents.size() < count) {
        changed.await();
      }
      return List.copyOf(agents.subList(0, count));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallCancelled("interrupted while waiting for hosts");
    } finally {
      lock.unlock();
    }
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
    log.accept(line);
  }

  private List<ActorRef> all(ActorRef own) {
    lock.lock();
    try {
      return Stream.concat(Stream.of(own), agents.stream()).toList();
    } finally {
      lock.unlock();
    }
  }

  List<HostStatus> status(Node node, ActorRef own) {
    List<HostStatus> status = new ArrayList<>();
    for (ActorRef agent : all(own)) {
      try {
        status.add(new HostStatus(agent.process().host(), Agents.host(node, agent).processes()));
      } catch (CallFailure e) {
        status.add(new HostStatus(agent.process().host() + " (lost)", List.of()));
      }
    }
    return status;
  }

  /// Asks the host that the process is on.
  List<String> log(Node node, ActorRef own, String process) {
    for (ActorRef agent : all(own)) {
      HostAgent host = Agents.host(node, agent);
      if (host.processes().stream().anyMatch(p -> p.process().equals(process))) {
        return host.log(process);
      }
    }
    return Agents.host(node, own).log(process);
  }

  @Override
  public void close() {
    server.ifPresent(JoinServer::close);
  }
}
