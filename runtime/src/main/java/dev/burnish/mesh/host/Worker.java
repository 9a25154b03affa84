package dev.burnish.mesh.host;

import dev.burnish.actor.ActorSystem;
import dev.burnish.launch.ParentGuard;
import dev.burnish.link.transport.JobKeys;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.SocketNetwork;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/// The main class of a process that an agent started.
public final class Worker {
  private Worker() {}

  /// Joins the job, serves, and ends with the parent.
  public static void main(String... args) throws IOException {
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT); // as in the process that started it
    ParentGuard parent = ParentGuard.begin();
    Bootstrap bootstrap = Bootstrap.decode(parent.bootstrap());
    Network network =
        SocketNetwork.open(
            bootstrap.process(),
            bootstrap.host(),
            Path.of(bootstrap.folder()),
            bootstrap.limits().maxBytes(),
            reach(bootstrap));
    ActorSystem system = join(network, bootstrap, Worker.class.getClassLoader());
    parent.endWithParent(system::close);
  }

  /// Opens a process and reports to its agent.
  static ActorSystem join(Network network, Bootstrap bootstrap, ClassLoader loader) {
    ActorSystem system =
        ActorSystems.open(
            network,
            bootstrap.token(),
            bootstrap.settings(),
            loader,
            Optional.of(bootstrap.controller()),
            bootstrap.traced().settings());
    Agents.host(system, bootstrap.agent()).ready(system.self());
    return system;
  }

  static Optional<Network.Reach> reach(Bootstrap bootstrap) throws IOException {
    Optional<JobKeys> keys = bootstrap.keys();
    return keys.isPresent() && !bootstrap.bind().isEmpty()
        ? Optional.of(new Network.Reach(InetAddress.getByName(bootstrap.bind()), keys.get()))
        : Optional.empty();
  }
}
