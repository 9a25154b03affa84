package dev.burnish.mesh;

import dev.burnish.link.Clock;
import dev.burnish.link.Link;
import dev.burnish.link.LinkSettings;
import dev.burnish.link.ServedCall;
import dev.burnish.link.Switchboard;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.host.JobFolder;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// The program that the launcher runs once after a build, so that the JVM learns the classes that a
/// light worker needs when it starts: an actor, a call, a socket. Ends by itself, as a cache is
/// only written then.
public final class WarmUp {
  private WarmUp() {}

  /// An actor to call.
  interface Greeter {
    String greet(String name);
  }

  /// See [Greeter].
  static final class GreeterActor implements Greeter {
    @Override
    public String greet(String name) {
      return "hello " + name;
    }
  }

  /// Runs.
  public static void main(String... args) throws IOException {
    try (Job job = Job.start(JobOptions.named("warm-up").with(Processes.THREADS))) {
      OwnedMesh<Greeter> mesh =
          job.hosts()
              .spawnProcs(Map.of("gpus", 1))
              .spawn("greeter", Greeter.class, GreeterActor::new);
      for (int i = 0; i < 100; i++) {
        mesh.gather(greeter -> greeter.greet("you"));
      }
      socket();
    }
  }

  private static void socket() throws IOException {
    try (JobFolder folder = JobFolder.create("sockets")) {
      LinkSettings settings = LinkSettings.defaults();
      try (Switchboard near = board(folder, "near", settings);
          Switchboard far = board(folder, "far", settings)) {
        Link link = near.link(far.self());
        link.call(
                "echo", new Link.Target(1, 0), new byte[1], Duration.ofSeconds(10), link.session())
            .await(WarmUp.class.getClassLoader());
      }
    }
  }

  private static Switchboard board(JobFolder folder, String name, LinkSettings settings)
      throws IOException {
    return new Switchboard(
        SocketNetwork.open(
            name, "host", folder.path(), settings.limits().maxBytes(), Optional.empty()),
        new byte[1],
        new Echo(),
        Clock.system(),
        settings);
  }

  private record Echo() implements Link.Handler {
    @Override
    public void call(ServedCall call) {
      call.reply(call.arguments());
    }

    @Override
    public void cast(Link from, long actor, int method, byte[] arguments) {}
  }
}
