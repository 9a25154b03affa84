package dev.burnish.mesh.host;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Stub;
import dev.burnish.launch.Exit;
import java.time.Duration;
import java.util.Optional;

/// Stubs of the agents of hosts and processes.
public final class Agents {
  private static final Duration TIMEOUT = Duration.ofSeconds(90);

  private Agents() {}

  /// Of a host.
  public static HostAgent host(ActorSystem system, ActorRef agent) {
    return host(system, agent, TIMEOUT);
  }

  /// The agent of a host, for requests that are to be answered soon or not at all.
  public static HostAgent host(ActorSystem system, ActorRef agent, Duration timeout) {
    return system.stub(
        HostAgent.class, Stub.Target.of("agent of " + agent.process().host(), agent), timeout);
  }

  /// The agent of a connected host: not of one that was lost, for which the caller would wait.
  public static Optional<HostAgent> reached(ActorSystem system, ActorRef agent) {
    boolean up = system.switchboard().existing(agent.process().process()).isPresent();
    return up ? Optional.of(host(system, agent)) : Optional.empty();
  }

  /// How a process ended, as far as its host knows and is connected.
  public static Optional<Exit> exit(ActorSystem system, ProcessRef process, Duration patience) {
    try {
      return reached(system, process.agent())
          .flatMap(agent -> agent.exit(process.address().process(), patience.toMillis()));
    } catch (RuntimeException | Error e) {
      return Optional.empty();
    }
  }

  /// The agent of a process; it answers soon or not at all.
  public static ProcessAgent process(ActorSystem system, ProcessRef process) {
    return system.stub(
        ProcessAgent.class,
        Stub.Target.of(
            "agent of " + process.address(), new ActorRef(process.address(), ProcessAgent.NUMBER)),
        Duration.ofSeconds(2));
  }
}
