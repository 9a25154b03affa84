package dev.burnish.mesh.host;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Node;
import dev.burnish.actor.Stub;
import java.time.Duration;

/// Stubs of the agents of hosts and processes.
public final class Agents {
  private static final Duration TIMEOUT = Duration.ofSeconds(90);

  private Agents() {}

  /// Of a host.
  public static HostAgent host(Node node, ActorRef agent) {
    return node.stub(
        HostAgent.class, Stub.Target.of("agent of " + agent.process().host(), agent), TIMEOUT);
  }

  /// Of a process; it answers soon or not at all.
  public static ProcessAgent process(Node node, ProcessRef process) {
    return node.stub(
        ProcessAgent.class,
        Stub.Target.of(
            "agent of " + process.address(), new ActorRef(process.address(), ProcessAgent.NUMBER)),
        Duration.ofSeconds(2));
  }
}
